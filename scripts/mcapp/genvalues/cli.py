"""Turn the nodes of a cluster into Helm values for the chart mcapp, with the reason for each."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from mcapp import cli
from mcapp.cli import told
from mcapp.errors import Exit
from mcapp.genvalues import drift, labels, plan, report, values, valuesfile, words
from mcapp.genvalues.make import Made, make
from mcapp.kube import live
from mcapp.kube.inventory import Inventory, from_file
from mcapp.kube.kubectl import Kubectl
from mcapp.messages import Lang, announce, language, translate
from mcapp.words import DEPRECATED


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    add = options.add_argument
    add("--topology", choices=["auto", "single", "multi"], default="auto", help=told(words.TOPOLOGY))
    add("--file", metavar="FILE", help=told(words.FILE))
    add("--output", metavar="text|json", default="text", help=told(words.OUTPUT))
    add("--format", choices=cli.OUTPUTS, help=argparse.SUPPRESS)
    add("--check", action="store_true", help=told(words.CHECK))
    cli.output_options(options, output=False)
    add("--nodes-file", metavar="FILE", help=told(words.NODES_FILE))
    cli.cluster_options(options)
    add = options.add_argument_group(told(words.WISHES)).add_argument
    add("--base", metavar="FILE", type=Path, help=told(words.BASE))
    add("--set", metavar="KEY=VALUE", action="append", default=[], help=told(words.SET))
    add("--db-node", metavar="NODE", default="", help=told(words.DB_NODE))
    add = options.add_mutually_exclusive_group().add_argument
    add("--label", metavar="NODE", help=told(words.LABEL))
    add("--apply-labels", metavar="NODE", nargs="+", help=told(words.APPLY_LABELS))
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
    made = make(inventory, request, asked.lang or "en")
    if asked.check:
        return check(asked, made, lang)
    write(asked, made, inventory, lang)
    return Exit.OK


def _refuse(asked: argparse.Namespace) -> None:
    """Accept the deprecated spellings, and refuse options that contradict each other."""
    if asked.format:
        announce(DEPRECATED(old="--format", new="--output"))
        asked.output = asked.format if asked.output in cli.OUTPUTS else asked.output
    if asked.output not in cli.OUTPUTS:
        if asked.output != "-" and Path(asked.output).suffix not in (".yaml", ".yml"):
            asked.refuse(translate(words.OUTPUT_FORM(given=asked.output)))
        announce(DEPRECATED(old="--output FILE", new="--file FILE"))
        asked.file, asked.output = asked.output, asked.format or "text"
    if asked.file == "-" and (asked.check or asked.output == "json"):
        asked.refuse(translate(words.OUTPUT_ONE()))
    if asked.nodes_file is not None and asked.apply_labels:
        asked.refuse(translate(words.APPLY_LIVE()))


def read(asked: argparse.Namespace, kubectl: Kubectl) -> Inventory:
    """Read the nodes from the file or the cluster."""
    if asked.nodes_file is None:
        return live.inventory(kubectl, asked.namespace)
    return from_file(sys.stdin.buffer if asked.nodes_file == "-" else Path(asked.nodes_file))


def label(asked: argparse.Namespace, wanted: dict[str, str], kubectl: Kubectl, lang: Lang) -> Exit:
    """Print the command that labels a node, or label nodes and say so."""
    if asked.label:
        if asked.nodes_file is not None:
            labels.find(asked.label, read(asked, kubectl))
        print(labels.command(asked.label, wanted, kubectl))
        return Exit.OK
    for done in labels.apply(asked.apply_labels, wanted, live.inventory(kubectl, asked.namespace), kubectl):
        print(translate(done, lang))
    return Exit.OK


def check(asked: argparse.Namespace, made: Made, lang: Lang) -> Exit:
    """Tell what changed since the file was made."""
    path = drift.target(asked.file, made.plan.topology)
    found = drift.against(path, made.result, made.content)
    shown = [translate(sentence, lang) for sentence in found.sentences]
    if asked.output == "json":
        cli.emit_json({"file": str(path), "differs": found.differs, "drift": shown, "diff": found.diff})
    else:
        print("\n".join(shown))
        sys.stdout.write(found.diff)
    return Exit.DIFFERS if found.differs else Exit.OK


def write(asked: argparse.Namespace, made: Made, inventory: Inventory, lang: Lang) -> None:
    """Write the values, and explain them on a stream that the values do not use."""
    name = asked.file or f"values-{made.plan.topology}.yaml"
    if name == "-":
        sys.stdout.write(made.content)
        changed, out = True, sys.stderr
    else:
        changed, out = valuesfile.write(Path(name), made.content, made.result.secret), sys.stdout
    if asked.output == "json":
        cli.emit_json({"file": name, "changed": changed, **report.document(made.plan, inventory, lang)})
        return
    for sentence in report.sentences(made.plan, inventory, lang):
        print(sentence, file=out)
    if name != "-":
        print(translate((words.REPORT_WROTE if changed else words.REPORT_SAME)(file=name), lang))


TOOL = cli.Tool("genvalues", words.PURPOSE, "--topology auto", add_options, work)
