"""Proof that needs nobody's word: the rules of the hash chain, and a verifier that runs without any service.

Standard library and `cryptography` only; imports nothing of the house, and the engine itself hashes by these rules.
"""
