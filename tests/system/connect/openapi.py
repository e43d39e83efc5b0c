"""Checks an OpenAPI document, and that calls and their answers are as it says."""

import json

from jsonschema import Draft202012Validator
from openapi_spec_validator import validate
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

with open("openapi.json") as file:
    document = json.load(file)
with open("answers.json") as file:
    answers = json.load(file)

validate(document)
registry = Registry().with_resource("urn:api", Resource(contents=document, specification=DRAFT202012))


def check(schema, value):
    Draft202012Validator({"$ref": "urn:api" + schema["$ref"]}, registry=registry).validate(value)


for call in answers:
    post = document["paths"][call["path"]]["post"]
    check(post["requestBody"]["content"]["application/json"]["schema"], call["sent"])
    responses = post["responses"]
    response = responses.get(call["status"], responses["default"])
    if "$ref" in response:
        response = document["components"]["responses"][response["$ref"].rsplit("/", 1)[1]]
    check(response["content"]["application/json"]["schema"], call["answer"])
print(f"{len(answers)} answers are as the document says")
