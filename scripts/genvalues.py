#!/usr/bin/env python3
"""Turn the nodes of a cluster into Helm values for the chart mcapp, with the reason for each."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from mcapp import cli
from mcapp.cli import Exit
from mcapp.genvalues import drift, labels, placement, plan, report, values, valuesfile
from mcapp.kube.inventory import Inventory, from_file
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import LANGS, Lang, Problem, from_environment, say, text

TOPOLOGY = """auto (the default): multi when a Ready, schedulable node that is no server is labelled for
the database, else single"""
LANGUAGE = """of explanations and errors (default: by the locale); when given, of the file's comments too,
which else are English, so that the file does not depend on who makes it"""
NODES = """what `kubectl get nodes -o json` printed, instead of a live cluster; - is standard input. It may
hold more: `kubectl get nodes,storageclasses,services,pods,pv,pvc -A -o json`"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse the command line."""
    parser = cli.parser("genvalues.py", __doc__ or "", "python scripts/genvalues.py --topology auto")
    add = parser.add_argument
    add("--topology", choices=["auto", "single", "multi"], default="auto", help=TOPOLOGY)
    add(
        "--output",
        metavar="FILE",
        help="where to write; - is standard output (default: values-TOPOLOGY.yaml)",
    )
    add("--format", choices=["text", "json"], default="text", help="of the explanation, not of the file")
    add(
        "--check",
        action="store_true",
        help="write nothing; tell what changed since FILE was made (exit code 1)",
    )
    add("--lang", choices=LANGS, help=LANGUAGE)
    add = parser.add_argument_group("where the nodes come from").add_argument
    add("--nodes-file", metavar="FILE", help=NODES)
    add("--kubeconfig", metavar="FILE", default="", help="passed to kubectl")
    add("--context", default="", help="passed to kubectl")
    add("--kubectl", metavar="COMMAND", default="kubectl", help="the kubectl to call (default: %(default)s)")
    add("--timeout", metavar="SECONDS", type=int, default=20, help="for each answer (default: %(default)s)")
    add("-n", "--namespace", default="mcapp", help="of the release (default: %(default)s)")
    add("--release", default="mcapp", help="name of the release (default: %(default)s)")
    add = parser.add_argument_group("what you want of it").add_argument
    add("--base", metavar="FILE", type=Path, help="values of yours to build on")
    add(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="one value, in YAML; wins over --base"
    )
    add("--db-node", metavar="NODE", default="", help="run db on this node")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--label", metavar="NODE", help="print the command that labels a node for db, and stop")
    add("--apply-labels", metavar="NODE", nargs="+", help="label these nodes for db, and stop")
    asked = parser.parse_args(arguments)
    if asked.output == "-" and (asked.check or asked.format == "json"):
        parser.error("--output - leaves no room for --check or --format json on standard output")
    if asked.nodes_file is not None and asked.apply_labels:
        parser.error("--apply-labels needs the cluster, not --nodes-file")
    return asked


def main(arguments: Sequence[str]) -> Exit:
    """Run the command; UserError, in the user's language, for whatever the user can mend."""
    asked = options(arguments)
    lang: Lang = asked.lang or from_environment(os.environ)
    try:
        return work(asked, lang)
    except Problem as found:
        raise cli.UserError(say(found.problem, lang), say(found.remedy, lang), found.code) from None


def work(asked: argparse.Namespace, lang: Lang) -> Exit:
    """Do what was asked: label nodes, or plan and then check or write."""
    kubectl = Kubectl(asked.kubectl, asked.kubeconfig, asked.context, asked.timeout)
    given = values.given(asked.base, asked.set)
    if asked.label or asked.apply_labels:
        return label(asked, values.effective(given)["placement"]["databaseNodeLabels"], kubectl, lang)

    inventory = read(asked, kubectl)
    request = plan.Asked(asked.topology, asked.db_node, given, asked.namespace, asked.release)
    made = placement.decide(inventory, request)
    result = values.complete(given, made.values, made.reasons)
    values.check(result.values, text("schema.made"))
    head = [text("head.made"), text("head.again"), *made.left]
    content = valuesfile.dump(result, head, asked.lang or "en")
    if asked.check:
        return check(asked, made.topology, result, content, lang)
    write(asked, made, inventory, result, content, lang)
    return Exit.OK


def read(asked: argparse.Namespace, kubectl: Kubectl) -> Inventory:
    """Read the nodes from the file or the cluster."""
    if asked.nodes_file is None:
        return kubectl.inventory(asked.namespace)
    return from_file(sys.stdin.buffer if asked.nodes_file == "-" else Path(asked.nodes_file))


def label(asked: argparse.Namespace, wanted: dict[str, str], kubectl: Kubectl, lang: Lang) -> Exit:
    """Print the command that labels a node, or label nodes and say so."""
    if asked.label:
        print(labels.command(asked.label, wanted, kubectl))
        return Exit.OK
    for done in labels.apply(asked.apply_labels, wanted, kubectl.inventory(asked.namespace), kubectl):
        print(say(done, lang))
    return Exit.OK


def check(asked: argparse.Namespace, topology: str, result: values.Result, content: str, lang: Lang) -> Exit:
    """Tell what changed since the file was made."""
    path = drift.target(asked.output, topology)
    found = drift.against(path, result, content)
    told = [say(sentence, lang) for sentence in found.sentences]
    if asked.format == "json":
        cli.emit_json({"file": str(path), "differs": found.differs, "drift": told, "diff": found.diff})
    else:
        print("\n".join(told))
        sys.stdout.write(found.diff)
    return Exit.DIFFERS if found.differs else Exit.OK


def write(
    asked: argparse.Namespace,
    made: plan.Plan,
    inventory: Inventory,
    result: values.Result,
    content: str,
    lang: Lang,
) -> None:
    """Write the file, and explain it where the file itself does not go."""
    name = asked.output or f"values-{made.topology}.yaml"
    if name == "-":
        sys.stdout.write(content)
        changed, out = True, sys.stderr
    else:
        changed, out = valuesfile.write(Path(name), content, result.secret), sys.stdout
    if asked.format == "json":
        cli.emit_json({"file": name, "changed": changed, **report.document(made, inventory, lang)})
        return
    for sentence in report.sentences(made, inventory, lang):
        print(sentence, file=out)
    if name != "-":
        print(say(text("report.wrote" if changed else "report.same", file=name), lang))


if __name__ == "__main__":
    # So short a process would spend more on looking for garbage than it could free.
    gc.disable()
    cli.run(main)
