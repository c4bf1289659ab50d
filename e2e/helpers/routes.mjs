// Every screen there is. The list is the app's own (web/src/route.rs), so that no new screen is forgotten; screens
// of one thing (`/sales/:sale`) are found by the links of the others.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const SOURCE = fileURLToPath(new URL("../../web/src/route.rs", import.meta.url));

/** Screens before the sign-in: the stories of set-up and invitation look at them. */
export const BEFORE_SIGN_IN = ["/setup", "/invite"];

/** Screens of things that nothing links to while the walk stands still: the receipt right after a sale. */
const LIKE = { "/sell/:sale": ["/sales/:sale", (path) => path.replace("/sales/", "/sell/")] };

/** The addresses of `Route`, as patterns. */
export function patterns() {
  const found = [...readFileSync(SOURCE, "utf8").matchAll(/#\[at\("([^"]+)"\)\]/g)].map((match) => match[1]);
  return found.filter((pattern) => !BEFORE_SIGN_IN.includes(pattern));
}

/** A path that fits a pattern, among links that were seen; `null` when none does. */
export function pathOf(pattern, links) {
  if (!pattern.includes(":")) {
    return pattern;
  }
  const [model, change] = LIKE[pattern] ?? [pattern, (path) => path];
  const form = new RegExp(`^${model.replace(/:\w+/g, "(?!new$|list$|import$)[^/]+")}$`);
  const link = [...links].find((path) => form.test(path));
  return link ? change(link) : null;
}
