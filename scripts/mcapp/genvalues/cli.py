"""Turn the nodes of a cluster into Helm values for the chart mcapp, with the reason for each."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from mcapp import cli
from mcapp.errors import Exit
from mcapp.genvalues import drift, labels, placement, plan, report, values, valuesfile, words
from mcapp.kube.inventory import Inventory, from_file
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import Lang, announce, language, translate
from mcapp.words import DEPRECATED

TOPOLOGY = """auto (the default): multi when a Ready, schedulable node that is no server is labelled for
the database, else single"""
FILE = "where the values go; - is standard output (default: values-TOPOLOGY.yaml)"
OUTPUT = "form of the explanation, not of the file; json is for programs"
NODES = """what `kubectl get nodes -o json` printed, instead of a live cluster; - is standard input. It may
hold more: `kubectl get nodes,storageclasses,services,pods,pv,pvc -A -o json`"""


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    add = options.add_argument
    add("--topology", choices=["auto", "single", "multi"], default="auto", help=TOPOLOGY)
    add("--file", metavar="FILE", help=FILE)
    add("--output", metavar="text|json", default="text", help=OUTPUT)
    add("--format", choices=cli.OUTPUTS, help=argparse.SUPPRESS)
    add(
        "--check",
        action="store_true",
        help="write nothing; tell what changed since FILE was made (exit code 1)",
    )
    cli.output_options(options, output=False)
    add("--nodes-file", metavar="FILE", help=NODES)
    cli.cluster_options(options)
    add = options.add_argument_group("what you want in the values").add_argument
    add("--base", metavar="FILE", type=Path, help="values of yours to build on")
    add(
        "--set", metavar="KEY=VALUE", action="append", default=[], help="one value, in YAML; wins over --base"
    )
    add("--db-node", metavar="NODE", default="", help="run db on this node")
    add = options.add_mutually_exclusive_group().add_argument
    add("--label", metavar="NODE", help="print the command that labels a node for db, and stop")
    add("--apply-labels", metavar="NODE", nargs="+", help="label these nodes for db, and stop")
    options.set_defaults(refuse=options.error)


def work(asked: argparse.Namespace) -> Exit:
    """Label nodes, or plan and then check or write."""
    _refuse(asked)
    lang = language()
    kubectl = Kubectl.of(asked)
    given = values.given(asked.base, asked.set)
    if asked.label or asked.apply_labels:
        seen = values.effective(given)
        return label(asked, seen["placement"][values.label_key(seen)], kubectl, lang)

    # A file may stand in for the cluster here, but not where nodes are labelled.
    kubectl = replace(kubectl, advice=words.START_OR_FILE, without_nodes=words.NODES_IN_A_FILE)
    inventory = read(asked, kubectl)
    request = plan.Asked(asked.topology, asked.db_node, given, asked.namespace, asked.release)
    made = placement.decide(inventory, request)
    result = values.complete(given, made.values, made.reasons)
    values.check(result.values, words.SCHEMA_MADE())
    head = [words.HEAD_MADE(), words.HEAD_AGAIN(), *made.left]
    content = valuesfile.dump(result, head, asked.lang or "en")
    if asked.check:
        return check(asked, made.topology, result, content, lang)
    write(asked, made, inventory, result, content, lang)
    return Exit.OK


def _refuse(asked: argparse.Namespace) -> None:
    """Accept the deprecated spellings, and refuse options that contradict each other."""
    if asked.format:
        announce(DEPRECATED(old="--format", new="--output"))
        asked.output = asked.format if asked.output in cli.OUTPUTS else asked.output
    if asked.output not in cli.OUTPUTS:
        if asked.output != "-" and Path(asked.output).suffix not in (".yaml", ".yml"):
            asked.refuse(f"--output is {' or '.join(cli.OUTPUTS)}, not {asked.output}; --file names the file")
        announce(DEPRECATED(old="--output FILE", new="--file FILE"))
        asked.file, asked.output = asked.output, asked.format or "text"
    if asked.file == "-" and (asked.check or asked.output == "json"):
        asked.refuse("--file - leaves no room for --check or --output json on standard output")
    if asked.nodes_file is not None and asked.apply_labels:
        asked.refuse("--apply-labels needs the cluster, not --nodes-file")


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
        print(translate(done, lang))
    return Exit.OK


def check(asked: argparse.Namespace, topology: str, result: values.Result, content: str, lang: Lang) -> Exit:
    """Tell what changed since the file was made."""
    path = drift.target(asked.file, topology)
    found = drift.against(path, result, content)
    told = [translate(sentence, lang) for sentence in found.sentences]
    if asked.output == "json":
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
    """Write the values, and explain them on a stream that the values do not use."""
    name = asked.file or f"values-{made.topology}.yaml"
    if name == "-":
        sys.stdout.write(content)
        changed, out = True, sys.stderr
    else:
        changed, out = valuesfile.write(Path(name), content, result.secret), sys.stdout
    if asked.output == "json":
        cli.emit_json({"file": name, "changed": changed, **report.document(made, inventory, lang)})
        return
    for sentence in report.sentences(made, inventory, lang):
        print(sentence, file=out)
    if name != "-":
        print(translate((words.REPORT_WROTE if changed else words.REPORT_SAME)(file=name), lang))


TOOL = cli.Tool("genvalues", __doc__ or "", "--topology auto", add_options, work)
