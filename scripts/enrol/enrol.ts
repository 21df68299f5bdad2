import { type Role, ROLES } from "../../components/lib/roles";
import { UserError } from "../../local/cli/user-error";
import { findStack } from "../stacks/find";
import type { Stack } from "../stacks/stack";
import { readEnrolments } from "./enrolments";
import { renderSheet, type Sheet } from "./sheet";

export interface EnrolOptions {
  stack?: string;
  server?: Role;
  renew?: boolean;
  json?: boolean;
}

/**
 * Shows what a person is handed, after making it anew if asked to.
 *
 * @throws UserError if there is no such stack or person.
 */
export async function enrol(user: string, options: EnrolOptions): Promise<void> {
  const stack = findStack(options.stack);
  // Before anything is made anew: a wrong name must not change the stack.
  sheetsOf(stack, user, options.server);
  if (options.renew) await stack.renew(user);
  const sheets = sheetsOf(stack, user, options.server);
  if (options.json) {
    console.log(JSON.stringify(sheets, null, 2));
    return;
  }
  for (const sheet of sheets) console.log(await renderSheet(sheet));
  console.log(CLOSING);
}

function sheetsOf(stack: Stack, user: string, server?: Role): Sheet[] {
  const outputs = stack.outputs("shown");
  const enrolments = readEnrolments(outputs, stack.name);
  return ROLES.filter((role) => server === undefined || role === server).map((role) => {
    const enrolment = enrolments[role][user];
    if (enrolment === undefined) {
      const names = Object.keys(enrolments[role]).join(", ");
      throw new UserError(
        `"${user}" is not among the admins of ${stack.name}. There are: ${names}.`,
        64,
      );
    }
    return { user, server: outputs[role].label, ...enrolment };
  });
}

const CLOSING = `Scan each code with an authenticator app, keep the scratch codes apart from the phone, and clear this screen.
Log in with your SSH key; the server then asks for the code of that server.`;
