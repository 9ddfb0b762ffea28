"""The table of all claims. Each module beside this one has the claims of one part of the app in its tuple CLAIMS."""

from tests.claims import (
    axes_claims,
    final_test_claims,
    learning_claims,
    model_claims,
    range_claims,
    ranking_claims,
    search_claims,
)
from tests.claims.claim import Claim

MODULES = axes_claims, final_test_claims, learning_claims, model_claims, range_claims, ranking_claims, search_claims
CLAIMS: dict[str, Claim] = {claim.name: claim for module in MODULES for claim in module.CLAIMS}
