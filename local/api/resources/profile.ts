import type { Handler } from "../call";

export const getProfile: Handler = ({ profile }) => ({
  uid: 1,
  username: profile.username,
  email: profile.email,
  user_type: "default",
  restricted: profile.restricted,
  two_factor_auth: profile.twoFactorAuth,
  timezone: "UTC",
  email_notifications: true,
  ip_whitelist_enabled: false,
  lish_auth_method: "keys_only",
  authentication_type: "password",
  authorized_keys: [],
  verified_phone_number: null,
  referrals: { code: "", url: "", total: 0, completed: 0, pending: 0, credit: 0 },
});
