/** How an Ubuntu image is asked for, and what is said where its archive cannot be had. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";

import { IMAGES } from "../../components/lib/settings-values";
import { ensureImage, type ImageBuilder } from "../../local/machines/image";
import { DEBIAN, type Recipe, RECIPES, recipeOf } from "../../local/machines/recipes";
import { archiveWords, ubuntuArchive } from "../../local/machines/ubuntu-archive";

const NOBLE = recipeOf("linode/ubuntu24.04");
let folder: string;
let keyring: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "stronghold-ubuntu-"));
  keyring = join(folder, "keys.gpg");
  writeFileSync(keyring, "");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe("the images of the local cloud", () => {
  it("are those that the settings take", () => {
    expect(RECIPES.map(({ id }) => id)).toEqual([...IMAGES]);
  });

  it("are no others", () => {
    expect(() => recipeOf("linode/ubuntu22.04")).toThrow(
      "the local cloud cannot make the image linode/ubuntu22.04; it can make linode/debian13, linode/ubuntu24.04, linode/ubuntu26.04",
    );
  });

  it("are kept apart, each under its name, and by the mirror that Ubuntu's come from", async () => {
    const built: string[] = [];
    const build: ImageBuilder = (_, file, recipe) => {
      built.push(recipe.suite);
      writeFileSync(file, recipe.suite);
      return Promise.resolve();
    };
    const ensure = async (image?: string): Promise<string> => {
      const given = image === undefined ? {} : { image };
      return basename(await ensureImage({ cacheDir: folder, build, ...given }));
    };
    expect(await ensure()).toMatch(/^debian13-[0-9a-f]{12}\.squashfs$/);
    expect(await ensure(DEBIAN)).toBe(await ensure());
    const usual = await ensure(NOBLE.id);
    expect(usual).toMatch(/^ubuntu24\.04-[0-9a-f]{12}\.squashfs$/);
    process.env["STRONGHOLD_UBUNTU_ARCHIVE"] = "http://mirror.example.com/ubuntu";
    const others = await ensure(NOBLE.id).finally(() => {
      delete process.env["STRONGHOLD_UBUNTU_ARCHIVE"];
    });
    expect(others).not.toBe(usual);
    expect(built).toEqual(["trixie", "noble", "noble"]);
  });
});

describe("Ubuntu's archive", () => {
  const wordsFor = (recipe: Recipe, env: NodeJS.ProcessEnv) => archiveWords(recipe, env);

  it("is nothing that Debian's image asks for", () => {
    expect(wordsFor(recipeOf(DEBIAN), {})).toEqual({ options: [], sources: [] });
  });

  it("is the one that the tool knows, and its packages have to be signed", () => {
    expect(wordsFor(NOBLE, { STRONGHOLD_UBUNTU_KEYRING: keyring })).toEqual({
      options: ["--components=main,universe", `--keyring=${keyring}`],
      sources: [],
    });
  });

  it("is the mirror of the environment, for security updates as well", () => {
    const mirror = "http://mirror.example.com/ubuntu";
    const env = { STRONGHOLD_UBUNTU_KEYRING: keyring, STRONGHOLD_UBUNTU_ARCHIVE: mirror };
    expect(wordsFor(NOBLE, env).sources).toEqual([
      `deb ${mirror} noble main universe`,
      `deb ${mirror} noble-updates main universe`,
      `deb ${mirror} noble-security main universe`,
    ]);
  });

  it("cannot be used without its keys, which is said with what to do", () => {
    const missing = join(folder, "none.gpg");
    expect(() => ubuntuArchive({ STRONGHOLD_UBUNTU_KEYRING: missing })).toThrow(
      `an Ubuntu image cannot be built on this machine: ${missing} is not there, and without it nobody can tell ` +
        "whether packages are Ubuntu's; install ubuntu-keyring, or name the file with STRONGHOLD_UBUNTU_KEYRING",
    );
  });

  it.each([
    "mirror.example.com",
    "http://mirror.example.com/ubuntu noble main",
    "",
    "[trusted=yes] http://x/",
  ])("is no such address: %j", (mirror) => {
    const env = { STRONGHOLD_UBUNTU_KEYRING: keyring, STRONGHOLD_UBUNTU_ARCHIVE: mirror };
    expect(() => ubuntuArchive(env)).toThrow(`STRONGHOLD_UBUNTU_ARCHIVE is "${mirror}": write`);
  });
});
