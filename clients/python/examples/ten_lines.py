import os

from proof_of_life_client import ProofOfLife

pol = ProofOfLife(os.environ["POL_URL"], os.environ["POL_API_KEY"], issuer=os.environ["POL_ISSUER"])
session = pol.open_session("account-4711")
print("Send the person to", session.verify_url, flush=True)
token = input()
print("A living person, score", pol.check_token(token)["verification_score"])
print("Counts once:", [pol.validate_token(token, consume=True).valid for _ in range(2)])
