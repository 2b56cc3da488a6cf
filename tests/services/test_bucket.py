"""A bucket: its keys are names of secrets, and it needs an S3 service."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from blueprint.parts import Bucket, Offer, Secret
from services import bucket
from tests.services import manual

ACCESS_KEY = Secret("s3-access-key", given=True)
SECRET_KEY = Secret("s3-secret-key", given=True)


def test_the_bucket_of_the_manual_is_made_at_the_environments_s3_service() -> None:
    share = manual.built("bucket")
    assert share.buckets == (
        Bucket("predrive", "https://s3.test", "eu1", access_key=ACCESS_KEY, secret_key=SECRET_KEY),
    )
    assert (share.containers, share.volumes, share.files) == ((), (), ())


def test_it_offers_all_that_an_s3_client_needs() -> None:
    offer = bucket.offers(manual.place("files"), manual.settings("bucket"))
    assert offer == Offer(
        values={
            "endpoint": ("https://s3.test",),
            "region": ("eu1",),
            "bucket": ("predrive",),
            "access_key": (ACCESS_KEY,),
            "secret_key": (SECRET_KEY,),
        }
    )


def test_keys_of_its_own_are_named() -> None:
    offer = bucket.offers(
        manual.place("files"), manual.settings("bucket", access_key="mine", secret_key="mine-too")
    )
    assert offer.values["access_key"] == (Secret("mine", given=True),)
    assert offer.values["secret_key"] == (Secret("mine-too", given=True),)


def test_without_an_s3_service_it_says_which_key_is_needed() -> None:
    nowhere = manual.place("files", object_store=None)
    with pytest.raises(ValueError) as refused:
        bucket.offers(nowhere, manual.settings("bucket"))
    assert str(refused.value) == (
        "needs an S3 service. Set estate:s3 (endpoint, region) in the stack"
    )


@pytest.mark.parametrize("name", ["ab", "PreDrive", "-drive", "drive-", "a/b", "a" * 64, "a b c"])
def test_a_name_that_s3_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="should match pattern"):
        manual.settings("bucket", bucket=name)
