"""Proof that needs nobody's word: the rules of the hash chain, and a verifier that runs without any service.

Standard library only, and `cryptography` where it is there; imports nothing of the house, and the engine itself hashes
by these rules. The whole package travels in the ZIP of each dossier (`kiem_tra.pyz`).
"""
