// Plain tables of medians.

export function median(values) {
  const sorted = values.filter((value) => value !== undefined).sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length === 0) return undefined;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The median of each field of several runs of the same work. */
export function medians(runs) {
  const fields = [...new Set(runs.flatMap(Object.keys))];
  return Object.fromEntries(
    fields.map((field) => [field, median(runs.map((run) => run[field]))]),
  );
}

export function shown(value) {
  if (typeof value !== "number") return value ?? "";
  if (Number.isInteger(value) || Math.abs(value) >= 100) return Math.round(value).toLocaleString("en");
  return value.toPrecision(Math.abs(value) >= 10 ? 3 : 2);
}

export function print(title, head, rows) {
  const texts = [head, ...rows.map((row) => row.map(shown))].map((row) => row.map(String));
  const widths = head.map((_, column) => Math.max(...texts.map((row) => row[column].length)));
  console.log(`\n${title}`);
  for (const row of texts) {
    const cells = row.map((text, column) =>
      column ? text.padStart(widths[column]) : text.padEnd(widths[column]),
    );
    console.log(`  ${cells.join("  ")}`);
  }
}
