import { CASES } from "./programs";

/** Every case that is to pass, or every one that is not, each under its number. */
const isGood = process.env["POLICY_CASES"] === "good";
CASES.forEach(({ program, faults }, index) => {
  if ((faults.length === 0) === isGood) program(`case-${index}`);
});
