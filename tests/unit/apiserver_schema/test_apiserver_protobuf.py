"""Protobuf bodies, as kubectl 1.33 sent them, and malformed ones."""

import base64

import pytest

from kubeless.local.apiserver.protobuf import ProtobufError, UnknownKind, decode

CREATE_DEPLOYMENT = (
    "azhzAAoVCgdhcHBzL3YxEgpEZXBsb3ltZW50ErABCiIKAWQSABoHZGVmYXVsdCIAKgAyADgAQgBaCAoDYXBwEgFkEnwIAhIKCggK"
    "A2FwcBIBZBpkChoKABIAGgAiACoAMgA4AEIAWggKA2FwcBIBZBJGEigKAWkSA2k6MSoAMgoKABAAGFAiACoAQgBqAHIAgAEAiAEA"
    "kAEAogEAGgAyAEIASgBSAFgAYABoAIIBAIoBAJoBAMIBACICCgAoADgAGgwIABAAGAAgACgAOAAaACIA"
)
"""kubectl create deployment d --image=i:1 --replicas=2 --port=80"""
CREATE_SERVICE = (
    "azhzAAoNCgJ2MRIHU2VydmljZRJqCiIKAXMSABoHZGVmYXVsdCIAKgAyADgAQgBaCAoDYXBwEgFzEkAKHAoGODAtd2ViEgNUQ1AY"
    "UCIJCAEQABoDd2ViKAASCAoDYXBwEgFzGgAiCE5vZGVQb3J0OgBCAFIAWgBgAGgAGgIKABoAIgA="
)
"""kubectl create service nodeport s --tcp=80:web"""
CAN_I = (
    "azhzAAoyChdhdXRob3JpemF0aW9uLms4cy5pby92MRIXU2VsZlN1YmplY3RBY2Nlc3NSZXZpZXcSPwoQCgASABoAIgAqADIAOABC"
    "ABIhCh8KB2RlZmF1bHQSBmNyZWF0ZRoAIgAqBHBvZHMyADoAGggIABIAGgAgABoAIgA="
)
"""kubectl auth can-i create pods"""


def envelope(api_version: str, kind: str, raw: bytes = b"") -> bytes:
    names = field(1, api_version.encode()) + field(2, kind.encode())
    return b"k8s\x00" + field(1, names) + field(2, raw)


def field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + length(len(content)) + content


def length(size: int) -> bytes:
    encoded = b""
    while size > 0x7F:
        encoded += bytes([size & 0x7F | 0x80])
        size >>= 7
    return encoded + bytes([size])


def test_a_deployment_has_what_was_set_and_nothing_else() -> None:
    container = {"name": "i", "image": "i:1", "ports": [{"containerPort": 80}]}
    assert decode(base64.b64decode(CREATE_DEPLOYMENT)) == {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "d", "namespace": "default", "labels": {"app": "d"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "d"}},
            "template": {"metadata": {"labels": {"app": "d"}}, "spec": {"containers": [container]}},
        },
    }


def test_a_service_has_its_port_by_name() -> None:
    port = {"name": "80-web", "protocol": "TCP", "port": 80, "targetPort": "web"}
    spec = {"ports": [port], "selector": {"app": "s"}, "type": "NodePort"}
    assert decode(base64.b64decode(CREATE_SERVICE))["spec"] == spec


def test_a_question_about_access_is_read() -> None:
    attributes = {"namespace": "default", "verb": "create", "resource": "pods"}
    assert decode(base64.b64decode(CAN_I))["spec"] == {"resourceAttributes": attributes}


def test_bytes_are_base64_and_maps_are_objects() -> None:
    data = field(2, field(1, b"key") + field(2, b"\xff\x00"))
    assert decode(envelope("v1", "Secret", data))["data"] == {"key": "/wA="}


def test_zeros_that_somebody_set_are_kept() -> None:
    spec = field(2, b"\x08\x00")
    assert decode(envelope("apps/v1", "Deployment", spec))["spec"] == {"replicas": 0}


def test_negative_numbers_and_times_are_read() -> None:
    seconds = b"\x08" + b"\x80\xe2\xcf\xaa\x06"  # 1 700 000 000
    metadata = field(1, field(8, seconds) + b"\x38" + b"\xff" * 9 + b"\x01")
    meta = decode(envelope("v1", "ConfigMap", metadata))["metadata"]
    assert meta == {"creationTimestamp": "2023-11-14T22:13:20Z", "generation": -1}


def test_delete_options_are_read_for_every_group() -> None:
    body = envelope("apps/v1", "DeleteOptions", b"\x08\x00" + field(4, b"Foreground"))
    options = {"gracePeriodSeconds": 0, "propagationPolicy": "Foreground"}
    assert decode(body) == {"apiVersion": "apps/v1", "kind": "DeleteOptions", **options}


def test_other_kinds_are_refused_by_name() -> None:
    with pytest.raises(UnknownKind, match=r"Role in rbac\.authorization\.k8s\.io/v1 cannot be read from Protobuf"):
        decode(envelope("rbac.authorization.k8s.io/v1", "Role"))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"k8s\x00\x0a",
        b"k8s\x00\x0a\xff\xff\xff\xff\x0f",
        b"k8s\x00" + b"\xff" * 30,
        b"k8s\x00\x08\x01",
        b"k8s\x00\x0b\x01",
        envelope("v1", "ConfigMap", b"\x08\x01"),
        envelope("v1", "ConfigMap", field(2, field(1, b"\xff") + field(2, b"x"))),
        envelope("v1", "../../etc/passwd"),
        envelope("../..", "ConfigMap"),
    ],
)
def test_malformed_bodies_are_refused(body: bytes) -> None:
    with pytest.raises(ProtobufError):
        decode(body)
