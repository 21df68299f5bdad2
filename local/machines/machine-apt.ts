import { run } from "./run";

/** The proxy through which this machine's own apt goes, if it goes through one. */
export async function machineAptProxy(): Promise<string | undefined> {
  return (await aptConfig("Acquire::http::Proxy")) ?? process.env["http_proxy"];
}

/**
 * What this machine's administrator has told apt about a mirror that lags behind, as lines of apt.conf.
 * The hosts read the same mirror. Signatures are checked all the same.
 */
export async function machineAptOptions(): Promise<string[]> {
  const names = ["Acquire::Check-Valid-Until", "Acquire::Check-Date"];
  const values = await Promise.all(names.map(aptConfig));
  return names.flatMap((name, index) =>
    values[index] === undefined ? [] : [`${name} "${values[index]}";`],
  );
}

async function aptConfig(name: string): Promise<string | undefined> {
  // On a machine without apt there is no image to build either; that is reported elsewhere.
  const shown = await run(["apt-config", "shell", "VALUE", name], { allowFailure: true }).catch(
    () => "",
  );
  return /VALUE='(.+)'/.exec(shown)?.[1];
}
