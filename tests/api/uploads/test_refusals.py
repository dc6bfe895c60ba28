"""Requests that tus, or the limits of the service, do not allow: each has its own answer and stores nothing."""

import base64

import pytest

PATH = "/v1/uploads"


def code(answer) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["tus-resumable"] == "1.0.0"
    return answer.status_code, answer.json()["code"]


def post(phone, **headers: str):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return phone.http.post(PATH, headers={**phone.headers, **named})


def test_another_version_of_tus(house) -> None:
    del house.lan.headers["Tus-Resumable"]
    answer = house.lan.post(10)
    assert code(answer) == (412, "tus_version")
    assert answer.headers["Tus-Version"] == "1.0.0"
    house.minh.headers["Tus-Resumable"] = "0.2.2"
    assert code(house.minh.post(10)) == (412, "tus_version")


def test_a_body_that_is_not_said_to_be_bytes(house) -> None:
    path = house.lan.create(10)
    answer = house.lan.patch(path, 0, b"0123456789", Content_Type="application/json")
    assert code(answer) == (415, "unsupported_media_type")
    assert house.lan.head(path).headers["Upload-Offset"] == "0"


def test_a_file_beyond_the_limit(house) -> None:
    assert code(house.lan.post(2**26 + 1)) == (413, "upload_too_large")
    path = house.lan.create(None)
    assert code(house.lan.patch(path, 0, b"x", Upload_Length=str(2**26 + 1))) == (413, "upload_too_large")


def test_more_bytes_than_were_announced(house) -> None:
    path = house.lan.create(10)
    assert code(house.lan.patch(path, 0, b"x" * 11)) == (413, "upload_too_large")
    unannounced = house.http.patch(
        path,
        headers={**house.lan.headers, "Upload-Offset": "0", "Content-Type": house.lan.OFFSET_TYPE},
        content=iter([b"x" * 6, b"x" * 6]),
    )
    assert code(unannounced) == (413, "upload_too_large")
    assert house.lan.head(path).headers["Upload-Offset"] == "0"
    assert house.lan.patch(path, 0, b"x" * 10).headers["Upload-State"] == "verified"
    assert code(house.lan.patch(path, 10, b"x")) == (413, "upload_too_large")
    assert house.lan.patch(path, 10, b"").status_code == 204


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Upload_Length": "10", "Upload_Defer_Length": "1"},
        {"Upload_Defer_Length": "0"},
        {"Upload_Defer_Length": "yes"},
    ],
)
def test_a_length_that_is_missing_or_said_twice(house, headers: dict[str, str]) -> None:
    assert code(post(house.lan, **headers)) == (400, "upload_length_invalid")


@pytest.mark.parametrize("length", ["", "-1", "+1", "1.0", "0x10", "ten", "1 0", "9" * 16])
def test_a_length_that_is_no_count(house, length: str) -> None:
    assert code(post(house.lan, Upload_Length=length)) == (400, "upload_header_invalid")
    path = house.lan.create(10)
    assert code(house.lan.patch(path, 0, b"x", Upload_Offset=length)) == (400, "upload_header_invalid")


def test_an_append_that_does_not_say_where(house) -> None:
    path = house.lan.create(10)
    headers = {**house.lan.headers, "Content-Type": house.lan.OFFSET_TYPE}
    assert code(house.http.patch(path, headers=headers, content=b"x")) == (400, "upload_header_invalid")


def b64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "metadata",
    [
        "filename not-base64!",
        "filename //4=",
        f"filename {b64('a')},filename {b64('b')}",
        "filename YQBi",
        f"filename {b64('x' * 1025)}",
        f"sha256 {b64('x' * 64)}",
        f"sha256 {b64('ab')}",
        f"record {b64('../../etc')}",
        "filename YQ==YQ==",
    ],
)
def test_metadata_that_cannot_be_read(house, metadata: str) -> None:
    assert code(post(house.lan, Upload_Length="1", Upload_Metadata=metadata)) == (400, "upload_header_invalid")


@pytest.mark.parametrize("metadata", ["", "is_confidential", f"filename {b64('a')} , other {b64('b')}", "filename "])
def test_metadata_that_is_unusual_and_allowed(house, metadata: str) -> None:
    assert post(house.lan, Upload_Length="1", Upload_Metadata=metadata).status_code == 201


@pytest.mark.parametrize(
    "checksum", ["", "sha256", "sha256 !", "md5 YQ==", "crc32 YQ==", "SHA256", f"sha1 {b64('x')}=="]
)
def test_a_checksum_that_cannot_be_read(house, checksum: str) -> None:
    path = house.lan.create(10)
    assert code(house.lan.patch(path, 0, b"x", Upload_Checksum=checksum)) == (400, "upload_header_invalid")
    assert house.lan.head(path).headers["Upload-Offset"] == "0"


def test_a_network_that_lets_no_patch_through(house) -> None:
    path = house.lan.create(4)
    headers = {**house.lan.headers, "Upload-Offset": "0", "Content-Type": house.lan.OFFSET_TYPE}
    sent = house.http.post(path, headers={**headers, "X-HTTP-Method-Override": "PATCH"}, content=b"ok")
    assert (sent.status_code, sent.headers["Upload-Offset"]) == (204, "2")
    gone = house.http.post(path, headers={**headers, "X-HTTP-Method-Override": "DELETE"})
    assert gone.status_code == 204
    assert house.lan.head(path).status_code == 404
    assert code(house.http.post(path, headers=headers)) == (405, "method_not_allowed")


def test_every_problem_has_a_next_step_in_both_languages(house) -> None:
    answer = house.lan.patch("/v1/uploads/none", 0, b"", Accept_Language="vi")
    assert answer.json()["action"] == "upload_media"
    assert answer.json()["title"].startswith("Không tìm thấy lượt tải lên")
    english = house.lan.patch("/v1/uploads/none", 0, b"", Accept_Language="en")
    assert english.json()["title"].startswith("No such upload")
