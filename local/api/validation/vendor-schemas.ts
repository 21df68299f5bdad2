import { createRequire } from "node:module";

/** The part of a yup schema that is used here. */
export interface Schema {
  validateSync(value: unknown, options: { abortEarly: boolean; strict: boolean }): unknown;
}

type SchemaName =
  | "CreateFirewallSchema"
  | "CreateLinodeSchema"
  | "FirewallDeviceSchema"
  | "FirewallRuleSchema"
  | "IPAllocationSchema"
  | "UpdateFirewallSchema"
  | "UpdateLinodeConfigSchema"
  | "UpdateLinodeSchema"
  | "createDomainSchema"
  | "createRecordSchema"
  | "createSSHKeySchema"
  | "createSubnetSchemaIPv4"
  | "createVPCSchema"
  | "modifySubnetSchema"
  | "updateDomainSchema"
  | "updateRecordSchema"
  | "updateSSHKeySchema"
  | "updateVPCSchema";

type VendorSchemas = Readonly<Record<SchemaName, Schema>> & {
  isCustomPortsValid(ports: string): boolean;
  /** Why the last call of `isCustomPortsValid` said no. */
  readonly CUSTOM_PORTS_ERROR_MESSAGE: string;
};

/**
 * The vendor's own body checks, as its console runs them.
 *
 * The package runs as CommonJS, but its types are those of an ES module and name their files without
 * extensions, so that no module setting of this repository finds them: hence the few types above.
 */
export const vendor = createRequire(__filename)("@linode/validation") as VendorSchemas;
