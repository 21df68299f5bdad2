/** What differs between the inputs in force and those that the program now declares. */
import { canonical, isObject, isSecret, secret, type Wire, type WireObject } from "./wire";

/** Names of the inputs whose values differ; being marked secret is no difference. */
export function changedInputs(old: WireObject, wanted: WireObject): string[] {
  const names = new Set([...Object.keys(old), ...Object.keys(wanted)]);
  return [...names].filter((name) => canonical(old[name]) !== canonical(wanted[name]));
}

/** The wanted inputs, but with the old values at the paths that the program says to ignore. */
export function withIgnored(old: WireObject, wanted: WireObject, paths: string[]): WireObject {
  return paths.reduce<WireObject>(
    (inputs, path) => replaceAt(inputs, old, segments(path)) as WireObject,
    wanted,
  );
}

/** Whether one of the changed inputs is named by a path such as `triggers[*]`. */
export function isNamed(changed: string[], paths: string[]): boolean {
  return paths.some((path) => changed.includes(segments(path)[0] ?? ""));
}

/** `connection.proxy` and `metadatas[0].userData` as steps; a `*` stays one. */
function segments(path: string): string[] {
  return path.split(/[.[\]]+/).filter((segment) => segment !== "");
}

function replaceAt(target: Wire, source: Wire | undefined, path: string[]): Wire {
  const [head, ...rest] = path;
  if (head === undefined) return source ?? null;
  if (isSecret(target)) return secret(replaceAt(target.value, bare(source), path));
  const from = bare(source);
  if (Array.isArray(target)) {
    const old = Array.isArray(from) ? from : [];
    return target.map((item, index) =>
      head === "*" || head === String(index) ? replaceAt(item, old[index], rest) : item,
    );
  }
  if (!isObject(target)) return target;
  const old = isObject(from) ? from : {};
  const { [head]: current, ...others } = target;
  if (rest.length > 0 && current === undefined) return target;
  const value = rest.length === 0 ? old[head] : replaceAt(current ?? null, old[head], rest);
  return value === undefined ? others : { ...others, [head]: value };
}

function bare(value: Wire | undefined): Wire | undefined {
  return isSecret(value) ? value.value : value;
}
