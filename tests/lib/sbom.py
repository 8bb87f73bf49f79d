#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# sbom.py RESULT: judges sbom.cdx.json by CycloneDX's published schema, and sbom.spdx.json by what the
# specification of SPDX 2.3 demands (its chapter in brackets), written down here independently of the
# program that makes them. Prints what is wrong, a line each; exit status 1 if anything is.
import hashlib
import json
import re
import sys
import warnings

warnings.simplefilter("ignore")
import jsonschema  # noqa: E402  (Debian's python3-jsonschema)

SCHEMA = "tests/schema/%s.SNAPSHOT.schema.json"
wrong = []


def say(where, what):
    wrong.append("%s: %s" % (where, what))


def cyclonedx(path):
    schema = json.load(open(SCHEMA % "bom-1.6"))
    store = {}
    for name in ("spdx", "jsf-0.82"):
        other = json.load(open(SCHEMA % name))
        store["http://cyclonedx.org/schema/%s.SNAPSHOT.schema.json" % name] = other
    resolver = jsonschema.RefResolver(schema["$id"], schema, store=store)
    bom = json.load(open(path))
    checker = jsonschema.Draft7Validator(
        schema, resolver=resolver, format_checker=jsonschema.FormatChecker())
    for error in checker.iter_errors(bom):
        say(path, "%s: %s" % (list(error.path), error.message[:200]))
    refs = [c["bom-ref"] for c in bom["components"]] + [bom["metadata"]["component"]["bom-ref"]]
    if len(refs) != len(set(refs)):
        say(path, "a bom-ref is given twice")
    for dependency in bom["dependencies"]:
        for ref in [dependency["ref"]] + dependency["dependsOn"]:
            if ref not in refs:
                say(path, "'%s' is no component" % ref)
    for component in bom["components"]:
        for licence in component.get("licenses", []):
            expression(component["name"], licence["expression"], None)


def expression(where, text, extracted):
    """Annex D: ids of the list, or LicenseRefs of this document."""
    known = set(json.load(open(SCHEMA % "spdx"))["enum"]) if not expression.known else None
    expression.known = expression.known or known
    depth, operand = 0, True
    for token in re.findall(r"[()]|[^\s()]+", text):
        if token in "()":
            depth += 1 if token == "(" else -1
            if depth < 0 or operand != (token == "("):
                say(where, "parentheses in '%s'" % text)
        elif token in ("AND", "OR", "WITH"):
            if operand:
                say(where, "'%s' has '%s' in the wrong place" % (text, token))
            operand = True
        else:
            if not operand:
                say(where, "'%s' lacks an operator" % text)
            operand = False
            if token.startswith("LicenseRef-"):
                if not re.fullmatch(r"LicenseRef-[A-Za-z0-9.-]+", token):
                    say(where, "'%s' is no reference" % token)
                if extracted is not None and token not in extracted:
                    say(where, "'%s' has no text" % token)
            elif token.rstrip("+") not in expression.known:
                say(where, "'%s' is not on SPDX's list" % token)
    if operand or depth:
        say(where, "'%s' is not whole" % text)


expression.known = None
NO = ("NOASSERTION", "NONE")
ID = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
AGENT = re.compile(r"(Person|Organization|Tool): [^()]+( \([^)]*\))?|NOASSERTION")
DIGITS = {"SHA1": 40, "SHA256": 64}
PURPOSE = {"APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING_SYSTEM", "DEVICE", "FIRMWARE",
           "SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER"}
RELATION = {"DESCRIBES", "CONTAINS", "GENERATED_FROM"}  # of [11]'s those that we use


def need(where, thing, fields):
    for field in fields:
        if field not in thing:
            say(where, "'%s' is missing" % field)


def checksums(where, thing):
    for sum in thing["checksums"]:
        digits = DIGITS.get(sum["algorithm"])
        if not digits or not re.fullmatch("[0-9a-f]{%d}" % digits, sum["checksumValue"]):
            say(where, "checksum %s" % sum)
    return {sum["algorithm"]: sum["checksumValue"] for sum in thing["checksums"]}


def licence(where, thing, field, extracted):
    if thing[field] not in NO:
        expression(where, thing[field], extracted)


def package(p, where, extracted):  # [7]
    need(where, p, ("SPDXID", "name", "downloadLocation", "filesAnalyzed", "licenseConcluded",
                    "licenseDeclared", "copyrightText"))
    licence(where, p, "licenseConcluded", extracted)
    licence(where, p, "licenseDeclared", extracted)
    if "supplier" in p and not AGENT.fullmatch(p["supplier"]):
        say(where, "supplier '%s'" % p["supplier"])
    if p.get("primaryPackagePurpose", "OTHER") not in PURPOSE:
        say(where, "purpose '%s'" % p["primaryPackagePurpose"])
    if "checksums" in p:
        checksums(where, p)
    if p["filesAnalyzed"] != ("packageVerificationCode" in p):
        say(where, "a verification code goes with analyzed files, and only with them")
    for ref in p.get("externalRefs", []):
        if ref["referenceCategory"] != "PACKAGE-MANAGER" or ref["referenceType"] != "purl":
            say(where, "reference %s" % ref)
        if not re.fullmatch(r"pkg:deb/[a-z0-9.-]+/[a-z0-9.%B-]+@[A-Za-z0-9.~:%-]+\?\S+",
                            ref["referenceLocator"]):
            say(where, "purl '%s'" % ref["referenceLocator"])


def spdx(path):
    d = json.load(open(path))
    need(path, d, ("spdxVersion", "dataLicense", "SPDXID", "name", "documentNamespace", "creationInfo"))  # [6]
    if (d["spdxVersion"], d["dataLicense"], d["SPDXID"]) != ("SPDX-2.3", "CC0-1.0", "SPDXRef-DOCUMENT"):
        say(path, "header")
    if not re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
                        d["documentNamespace"]):
        say(path, "documentNamespace '%s'" % d["documentNamespace"])
    creation = d["creationInfo"]
    if not DATE.fullmatch(creation["created"]) or not all(map(AGENT.fullmatch, creation["creators"])):
        say(path, "creationInfo %s" % creation)
    extracted = set()
    for ref in d["hasExtractedLicensingInfos"]:  # [10]
        if not ref["extractedText"] or not ref["licenseId"].startswith("LicenseRef-"):
            say(path, "licence %s" % ref)
        extracted.add(ref["licenseId"])
    ids = {d["SPDXID"]}
    for thing in d["packages"] + d["files"]:
        where = thing["SPDXID"]
        if not ID.fullmatch(where) or where in ids:
            say(where, "no id, or given twice")
        ids.add(where)
    for p in d["packages"]:
        package(p, p["SPDXID"], extracted)
    sums = {}
    for f in d["files"]:  # [8]
        need(f["SPDXID"], f, ("fileName", "checksums"))
        if not f["fileName"].startswith("./"):
            say(f["SPDXID"], "fileName '%s'" % f["fileName"])
        sums[f["SPDXID"]] = checksums(f["SPDXID"], f).get("SHA1", "no SHA1")
    held = {}
    for r in d["relationships"]:  # [11]
        if r["relationshipType"] not in RELATION:
            say(path, "relationship %s" % r)
        for end in (r["spdxElementId"], r["relatedSpdxElement"]):
            if end not in ids:
                say(path, "'%s' is no element" % end)
        if r["relationshipType"] == "CONTAINS":
            held.setdefault(r["spdxElementId"], []).append(r["relatedSpdxElement"])
    for p in d["packages"]:  # [7.9]
        files = [e for e in held.get(p["SPDXID"], []) if e in sums]
        if not p["filesAnalyzed"]:
            if files:
                say(p["SPDXID"], "has files, though none were analyzed")
            continue
        code = hashlib.sha1("".join(sorted(sums[f] for f in files)).encode()).hexdigest()
        if code != p["packageVerificationCode"]["packageVerificationCodeValue"]:
            say(p["SPDXID"], "the verification code is another: %s" % code)
        if len(files) != len(sums):
            say(p["SPDXID"], "files that belong to nothing")
    for a in d.get("annotations", []):  # [12]
        if not DATE.fullmatch(a["annotationDate"]) or a["annotationType"] not in ("REVIEW", "OTHER"):
            say(path, "annotation %s" % a)


cyclonedx(sys.argv[1] + "/sbom.cdx.json")
spdx(sys.argv[1] + "/sbom.spdx.json")
print("\n".join(wrong[:40]))
sys.exit(1 if wrong else 0)
