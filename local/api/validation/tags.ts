import type { Faults } from "./faults";

/** Tags are 3 to 50 characters long; `db` is a popular one that the vendor refuses. */
export function checkTags(faults: Faults, tags: readonly string[] | undefined): void {
  if (faults.has("tags")) return;
  tags?.forEach((tag, index) => {
    faults.check(
      `tags[${index}]`,
      () => tag.length >= 3 && tag.length <= 50,
      "Tag must be between 3 and 50 characters.",
    );
  });
}
