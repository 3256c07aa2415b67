const none: readonly string[] = [];

/**
 * Credentials for a network's 802.1X, as clients set them. Values only: eap-properties.ts holds their meaning, which of
 * them are stored, and their allowed forms.
 */
export class EapCredentials {
  anonymousIdentity = "";
  identity = "";
  password = "";
  method = "";
  innerMethod = "";
  keyManagement = "";
  tlsVersionMax = "";
  caCertificates: readonly string[] = none;
  caCertificateId = "";
  certificateId = "";
  keyId = "";
  pin = "";
  usesSystemCas = true;
  usesProactiveKeyCaching = false;
  usesLoginPassword = false;
  subjectMatch = "";
  subjectAlternativeNameMatch: readonly string[] = none;
  domainSuffixMatch: readonly string[] = none;
}
