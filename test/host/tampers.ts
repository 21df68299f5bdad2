/** Changes by hand that a control is to notice: many at once, where that tells as much as one by one. */

/**
 * What is wrong, the line of bash that makes it so, and the numbers of the checks that notice;
 * `alone` if others at the same time would keep it from being mended.
 */
export type Tamper = readonly [
  what: string,
  how: string,
  numbers: readonly string[],
  ...more: unknown[],
];

export interface Group<T> {
  rows: T[];
  /** Numbers of all their checks, as a report orders them. */
  numbers: string[];
}

/**
 * Groups of changes no two of which are noticed by the same check, for `it.each`.
 *
 * One audit of a group tells each of them apart, and one apply has all of them to mend: as much is
 * asked as by one at a time, and a little more, in a fraction of the runs.
 */
export function grouped<T extends Tamper>(rows: readonly T[]): [string, Group<T>][] {
  const groups: T[][] = [];
  for (const row of rows) {
    const group = groups.find((others) => others.every((other) => isApart(row, other)));
    if (group) group.push(row);
    else groups.push([row]);
  }
  return groups.map((group) => [
    group.map(([what]) => what).join("; "),
    { rows: group, numbers: group.flatMap(([, , numbers]) => numbers).sort() },
  ]);
}

const isApart = ([, , numbers, ...more]: Tamper, [, , others, ...rest]: Tamper): boolean =>
  ![...more, ...rest].includes("alone") && !numbers.some((number) => others.includes(number));
