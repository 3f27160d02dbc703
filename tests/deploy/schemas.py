#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What `libllm estimate deploy` writes against the schemas of those who read it.

usage: schemas.py LIBLLM ROOT

Kubernetes' own (package kubernetes-validate), and those of KubeRay, LeaderWorkerSet and Compose (tests/data/deploy),
strictly: a member that they do not know is an error.
"""
import copy
import itertools
import json
import pathlib
import sys

import jsonschema
import kubernetes_validate
import yaml

from deploy import LOAD, SAMPLES, each
from written import Written, pods

KUBERNETES = "1.34"


def strict(schema):
    """Without other members than those that are named."""
    if isinstance(schema, dict):
        for value in list(schema.values()):
            strict(value)
        if isinstance(schema.get("properties"), dict) and schema.get("type") == "object" and \
                "additionalProperties" not in schema and not schema.get("x-kubernetes-preserve-unknown-fields"):
            schema["additionalProperties"] = False
    elif isinstance(schema, list):
        for value in schema:
            strict(value)
    return schema


def check_pod(spec, where):
    """As the template of a Deployment, which Kubernetes' schema has whole."""
    labels = {"a": "b"}
    kubernetes_validate.validate({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}}},
        KUBERNETES, strict=True)
    names = {volume["name"] for volume in spec.get("volumes", [])}
    for container in spec["containers"]:
        for mount in container.get("volumeMounts", []):
            assert mount["name"] in names, f"{where}: there is no volume {mount['name']}"


def without_pods(document):
    document = copy.deepcopy(document)

    def clear(node):
        if isinstance(node, dict):
            for key, value in node.items():
                if isinstance(value, dict) and "containers" in value.get("spec", {}):
                    node[key] = {}
                else:
                    clear(value)
        elif isinstance(node, list):
            for value in node:
                clear(value)

    clear(document)
    return document


def main(command, root):
    root = pathlib.Path(root)
    schemas = {name: json.loads((root / f"tests/data/deploy/{name}.schema.json").read_text(encoding="utf-8"))
               for name in ("rayservice", "leaderworkerset", "compose")}
    for name in ("rayservice", "leaderworkerset"):
        strict(schemas[name])
        schemas[name]["properties"]["metadata"] = {"type": "object"}
    kinds = {"RayService": "rayservice", "LeaderWorkerSet": "leaderworkerset"}
    seen = set()
    mounted = (("weights at a path", "vllm", platform, Written(command, "--engine", "vllm", "--on", platform, *SAMPLES["one device"],
                                                               "--repository", "/weights/model"))
               for platform in ("kubernetes", "ray", "compose"))
    for sample, engine, platform, written in itertools.chain(mounted, each(command, more=LOAD)):
        where = f"{sample}, {engine} on {platform}"
        for name in ("kubernetes.yaml", "rayservice.yaml"):
            for document in yaml.safe_load_all(written.texts.get(name, "")):
                kind = document["kind"]
                seen.add(kind)
                if kind in kinds:
                    jsonschema.validate(without_pods(document), schemas[kinds[kind]])
                else:
                    kubernetes_validate.validate(document, KUBERNETES, strict=True)
                for pod in pods(document):
                    check_pod(pod, where)
        if "compose.yaml" in written.texts:
            seen.add("compose")
            jsonschema.validate(yaml.safe_load(written.texts["compose.yaml"]), schemas["compose"])
    wanted = {"Deployment", "Service", "HorizontalPodAutoscaler", "PodDisruptionBudget", "RayService", "LeaderWorkerSet",
              "compose"}
    assert seen == wanted, seen ^ wanted
    wrong = {"apiVersion": "ray.io/v1", "kind": "RayService", "spec": {"serveConfigV3": "x"}}
    assert not jsonschema.Draft202012Validator(schemas["rayservice"]).is_valid(wrong), "the schema allows anything"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(*sys.argv[1:])
