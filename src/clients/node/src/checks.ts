// Options by their rules: each mistake is an error at once, with the option, what was given and what is allowed.

/** What an option may be. One that is undefined was not given. */
export interface Rule {
  readonly allowed: string;
  fits(value: unknown): boolean;
  readonly isNumber?: boolean;
  /** What was given, where its kind does not say what is wrong with it, or it is nobody's to read. */
  said?(value: unknown): string;
}

export type Rules = ReadonlyMap<string, Rule>;

/** Makes the error. A number out of its range is told apart from what is no number. */
export type Refusal = (message: string, isRange: boolean) => Error;

/** Of functions that are no tasks. */
export const misuse: Refusal = (message, isRange) => isRange ? new RangeError(message) : new TypeError(message);

export const rulesOf = (rules: Record<string, Rule>): Rules => new Map(Object.entries(rules));

/** Throws what `refuse` makes. `owner`: whose options they are, in messages. `open`: others know of further options. */
export function check(owner: string, given: unknown, rules: Rules, refuse: Refusal, open = false): void {
  if (!isRecord(given)) {
    throw refuse(`the options of ${owner} are ${shown(given)}; allowed: an object`, false);
  }
  for (const name in given) {
    const rule = rules.get(name);
    const value = given[name];
    if (rule === undefined) {
      if (!open) {
        throw refuse(`${owner} has no option ${name}; ${meant(name, rules)}`, false);
      }
    } else if (value !== undefined && !rule.fits(value)) {
      throw refuse(`option ${name} of ${owner} is ${(rule.said ?? shown)(value)}; allowed: ${rule.allowed}`, rule.isNumber === true && typeof value === "number");
    }
  }
}

/** An object that was written as one: neither null, an array, a Map nor the like. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && Object.prototype.toString.call(value) === "[object Object]";
}

export const isText = (value: unknown, least: number, most = Infinity): value is string => typeof value === "string" && value.length >= least && value.length <= most;

export const number = (unit: string, range: string, fits: (value: number) => boolean): Rule =>
  ({ allowed: `a number${unit} ${range}`, isNumber: true, fits: (value) => typeof value === "number" && fits(value) });

export const wholeNumber = (least: number, most = Infinity): Rule => ({
  allowed: `a whole number from ${least}${most === Infinity ? "" : ` to ${most}`}`,
  isNumber: true,
  fits: (value) => Number.isInteger(value) && (value as number) >= least && (value as number) <= most,
});

export const text = (least: number, most = Infinity): Rule => ({
  allowed: most === Infinity ? "a text that is not empty" : least === 0 ? `a text of at most ${most} characters` : `a text of ${least} to ${most} characters`,
  fits: (value) => isText(value, least, most),
  said: (value) => typeof value === "string" && value.length > 100 ? `a text of ${value.length} characters` : shown(value),
});

export const aFunction: Rule = { allowed: "a function", fits: (value) => typeof value === "function" };
export const trueOrFalse: Rule = { allowed: "true or false", fits: (value) => typeof value === "boolean" };
export const record: Rule = { allowed: "an object", fits: isRecord };

/** As messages tell a value: texts with their quotes, so that "5" is not taken for 5. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value.length > 100 ? `${value.slice(0, 100)}…` : value);
    case "bigint":
      return `${value}n`;
    case "function":
      return "a function";
    case "object":
      return value === null ? "null" : Array.isArray(value) ? "an array" : isRecord(value) ? "an object" : `a ${Object.prototype.toString.call(value).slice("[object ".length, -1)}`;
    default:
      return String(value);
  }
}

/** What a name that is not there was probably to be. */
function meant(name: string, rules: Rules): string {
  const names = [...rules.keys()];
  const [[nearest, far]] = names.map((known) => [known, distance(name.toLowerCase(), known.toLowerCase())] as const).sort((a, b) => a[1] - b[1]);
  return `${far <= Math.max(2, Math.floor(name.length / 3)) ? `did you mean ${nearest}? There` : "there"} are ${names.join(", ")}`;
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const above = row;
    row = [i];
    for (let j = 1; j <= b.length; j++) {
      row.push(Math.min(above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1)));
    }
  }
  return row[b.length];
}
