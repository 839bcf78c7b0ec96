"""Campaigns (创建全国科技工作先进市 …) that items name, with the ink that says so; their families and their records."""

from archivist.campaigns.family import Family, Kin, Reason, families, kin
from archivist.campaigns.heed import Merged, heed, kept_ink
from archivist.campaigns.recognise import REVIEW_BELOW, recognise
from archivist.campaigns.record import record
from archivist.campaigns.rules import key

__all__ = [
    "REVIEW_BELOW",
    "Family",
    "Kin",
    "Merged",
    "Reason",
    "families",
    "heed",
    "kept_ink",
    "key",
    "kin",
    "recognise",
    "record",
]
