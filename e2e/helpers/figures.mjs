// Figures as benches and proofs print them: quantiles, and plain tables.

/** The value below which `part` of them lie (nearest rank). */
export function quantile(values, part) {
  const sorted = [...values].sort((one, two) => one - two);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)];
}

export const median = (values) => quantile(values, 0.5);

/** Rows of texts and numbers in columns; the first column is text. */
export function printTable(title, head, rows) {
  const texts = [head, ...rows].map((row) => row.map((cell) => (typeof cell === "number" ? format(cell) : cell)));
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column].length)));
  console.log(`\n${title}`);
  for (const row of texts) {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])));
    console.log(`  ${cells.join("  ")}`);
  }
}

function format(number) {
  return Number.isInteger(number) ? `${number}` : number.toFixed(Math.abs(number) < 10 ? 2 : 0);
}
