export interface Region {
  id: string;
  label: string;
  country: string;
  capabilities: readonly string[];
}

const CAPABILITIES = [
  "Linodes",
  "Backups",
  "NodeBalancers",
  "Block Storage",
  "Cloud Firewall",
  "Disk Encryption",
  "Metadata",
  "Placement Group",
  "Vlans",
  "VPCs",
  "StackScripts",
] as const;

const ROWS: readonly [string, string, string][] = [
  ["us-east", "Newark, NJ", "us"],
  ["us-southeast", "Atlanta, GA", "us"],
  ["us-central", "Dallas, TX", "us"],
  ["us-west", "Fremont, CA", "us"],
  ["us-iad", "Washington, DC", "us"],
  ["us-ord", "Chicago, IL", "us"],
  ["us-sea", "Seattle, WA", "us"],
  ["us-mia", "Miami, FL", "us"],
  ["us-lax", "Los Angeles, CA", "us"],
  ["ca-central", "Toronto, CA", "ca"],
  ["eu-central", "Frankfurt, DE", "de"],
  ["eu-west", "London, UK", "gb"],
  ["fr-par", "Paris, FR", "fr"],
  ["nl-ams", "Amsterdam, NL", "nl"],
  ["se-sto", "Stockholm, SE", "se"],
  ["es-mad", "Madrid, ES", "es"],
  ["it-mil", "Milan, IT", "it"],
  ["ap-south", "Singapore, SG", "sg"],
  ["ap-west", "Mumbai, IN", "in"],
  ["ap-northeast", "Tokyo 2, JP", "jp"],
  ["ap-southeast", "Sydney, AU", "au"],
  ["br-gru", "Sao Paulo, BR", "br"],
];

export const REGIONS: readonly Region[] = ROWS.map(([id, label, country]) => ({
  id,
  label,
  country,
  capabilities: CAPABILITIES,
}));

export function findRegion(id: string): Region | undefined {
  return REGIONS.find((region) => region.id === id);
}
