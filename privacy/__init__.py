"""Duties under the law on personal data: purposes and periods, requests of data subjects, breaches, erasure."""
