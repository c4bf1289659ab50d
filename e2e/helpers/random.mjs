// Random numbers from a seed that is printed, so that the choices of a run can be made again. (Where exactly a kill
// hits the browser cannot.)

/** Mulberry32. */
export class Random {
  #state;

  constructor(seed) {
    this.#state = seed >>> 0;
  }

  /** At least 0, less than 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0, less than `end`. */
  below(end) {
    return Math.floor(this.next() * end);
  }

  /** One of the names, each as often as its weight says. */
  pick(weights) {
    const total = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
    let at = this.next() * total;
    for (const [name, weight] of Object.entries(weights)) {
      at -= weight;
      if (at < 0) {
        return name;
      }
    }
    return Object.keys(weights)[0];
  }
}
