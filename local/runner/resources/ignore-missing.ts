import { LinodeError } from "../linode-client";

/** Lets a deletion pass if someone else was faster. */
export async function ignoreMissing(call: Promise<unknown>): Promise<void> {
  try {
    await call;
  } catch (error) {
    if (!(error instanceof LinodeError) || error.status !== 404) throw error;
  }
}
