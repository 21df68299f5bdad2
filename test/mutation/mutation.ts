/** One thing changed by hand on a live server, and what the whole audit shall say of it. */
export interface Mutation {
  readonly what: string;
  /** Lines of bash, run as root after `PRELUDE`. */
  readonly how: string;
  /** Ids of all checks that fail then, and of no other, whatever their order. */
  readonly names: readonly string[];
  /** What undoes it, where putting back what was kept and applying the controls named is not it. */
  readonly undo?: string;
}

/**
 * A row of a table. Names are as in a report, of one control only the numbers: `SSH-05 12 AUDIT-05`.
 */
export const broken = (what: string, how: string, names: string, undo?: string): Mutation => ({
  what,
  how,
  names: idsIn(names),
  ...(undo === undefined ? {} : { undo }),
});

function idsIn(names: string): string[] {
  let control = "";
  return names.split(" ").map((word) => {
    const at = word.lastIndexOf("-");
    if (at > 0) control = word.slice(0, at);
    if (control === "") throw new Error(`"${word}" is of no control`);
    return `${control}-${word.slice(at + 1)}`;
  });
}

/** What every mutation and its undoing may use. */
export const PRELUDE = `
  set -e
  kept=/run/mutation-kept
  # keep FILE...: before it is changed, so that it can be put back as it was.
  keep() { mkdir -p $kept; cp -a --parents "$@" $kept; }
  back() {
    local file
    [[ -d $kept ]] || return 0
    while IFS= read -r -d '' file; do cp -a --remove-destination "$kept/$file" "/$file"; done < <(find $kept ! -type d -printf '%P\\0')
    rm -r $kept
  }
  mend() {
    local control=$1 verb
    for verb in "\${@:2}"; do
      bash /home/deployer/host/driver --remembered $verb $control mutation >/run/mutation-said 2>&1 || { cat /run/mutation-said; exit 1; }
    done
  }
  sql() { mysql --no-defaults --user=root <<<"$1"; }
  quietly() { "$@" >/dev/null 2>&1; }
  edit() { keep "$2"; sed -i "$1" "$2"; }
  add() { keep "$2"; printf '%s\\n' "$1" >>"$2"; }
`;
