"""The minimum-error sequence, with a certificate: enumeration with observational equivalence."""
