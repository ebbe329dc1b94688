"""Install or upgrade the release on the cluster: values, Helm, a test, and where the page is."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from mcapp import cli
from mcapp.cli import told
from mcapp.config import CHART
from mcapp.errors import Exit
from mcapp.genvalues import urls, values, valuesfile
from mcapp.genvalues import words as genvalues_words
from mcapp.genvalues.make import Made, make
from mcapp.genvalues.plan import Asked
from mcapp.kube import live
from mcapp.kube.kubectl import Kubectl, unusable
from mcapp.kube.words import HELM, NO_HELM_REMEDY
from mcapp.messages import announce, language, translate
from mcapp.options import command, whole
from mcapp.up import words
from mcapp.up.release import Release
from mcapp.words import WARNING


def add_options(options: argparse.ArgumentParser) -> None:
    """Add the tool's options."""
    add = options.add_argument
    topologies = ["auto", "single", "multi"]
    add("--topology", choices=topologies, default="auto", help=told(genvalues_words.TOPOLOGY))
    add("--file", metavar="FILE", type=Path, help=told(words.FILE))
    add("--base", metavar="FILE", type=Path, help=told(genvalues_words.BASE))
    add("--set", metavar="KEY=VALUE", action="append", default=[], help=told(genvalues_words.SET))
    add("--chart", metavar="FOLDER", default=str(CHART), help=told(words.CHART))
    wait = whole("--wait", 1, 3600)
    add("--wait", metavar="SECONDS", type=wait, default=300, help=told(words.WAIT))
    add("--no-test", action="store_true", help=told(words.NO_TEST))
    cli.output_options(options)
    cli.cluster_options(options)
    add("--helm", metavar="COMMAND", type=command("--helm"), default="helm", help=told(HELM))


def work(asked: argparse.Namespace) -> Exit:
    """Write the values, install or upgrade, test, and say where the page is."""
    if not shutil.which(asked.helm):
        # Before anything is written.
        raise unusable(asked.helm, FileNotFoundError(), NO_HELM_REMEDY())
    kubectl = Kubectl.of(asked)
    given = values.given(asked.base, asked.set)
    inventory = live.inventory(kubectl, asked.namespace)
    request = Asked(asked.topology, "", given, asked.namespace, asked.release)
    made = make(inventory, request, asked.lang or "en")
    path = asked.file or Path(f"values-{made.plan.topology}.yaml")
    changed = valuesfile.write(path, made.content, made.result.secret)
    wrote = genvalues_words.REPORT_WROTE if changed else genvalues_words.REPORT_SAME
    announce(wrote(file=str(path)))
    for warning in made.plan.warnings:
        announce(WARNING(what=warning))
    release = Release(kubectl, asked.helm, asked.namespace, asked.release, asked.chart)
    release.apply(path, asked.wait)
    if not asked.no_test:
        release.test()
    _report(asked, made, path, changed)
    return Exit.OK


def _report(asked: argparse.Namespace, made: Made, path: Path, changed: bool) -> None:
    """Say where the page is, and what was chosen."""
    seen = values.merge(values.defaults(), values.effective(made.result.values))
    pages = list(dict.fromkeys([*urls.named_urls(seen), *seen["cluster"]["urls"]]))
    if asked.output == "json":
        document = {"release": asked.release, "namespace": asked.namespace, "topology": made.plan.topology}
        cli.emit_json(
            {**document, "values": str(path), "changed": changed, "tested": not asked.no_test, "urls": pages}
        )
        return
    lang = language()
    up = words.UP(release=asked.release, namespace=asked.namespace, topology=made.plan.topology)
    print(translate(up, lang))
    where = {"release": asked.release, "namespace": asked.namespace}
    print(translate(words.PAGE(urls=pages) if pages else words.NO_PAGE(**where), lang))


TOOL = cli.Tool("up", words.PURPOSE, "--topology auto", add_options, work)
