const none: readonly string[] = [];

/**
 * What a network's 802.1X is answered with, as clients set it. Values only: eap-properties.ts says what they mean, which of
 * them are stored, and what a value may look like.
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
