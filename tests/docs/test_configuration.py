"""The tables of docs/configuration.md and docs/permissions.md, against the code and the policies."""

import argparse
import json
import re

import msgspec

from elbv2_trafficrouter.rollout.config import Config, NamedRule
from elbv2_trafficrouter.settings import DEFAULT_LISTEN, DEFAULT_PLUGIN_NAME, LOG_LEVELS, add_flags
from support.docs.pages import ROOT, page

CONFIGURATION = page("configuration.md")
MAIN = (ROOT / "plugin" / "bridge" / "main.go").read_text()


def names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_keys_of_the_block_are_those_that_the_router_knows() -> None:
    keys = [name for key, *_ in CONFIGURATION.rows("key") for name in names(key)]
    in_rules = {f"rules[].{field.encode_name}" for field in msgspec.structs.fields(NamedRule)}
    others = {field.encode_name for field in msgspec.structs.fields(Config)} - {"rules"}
    assert sorted(keys) == sorted(in_rules | others)


def test_the_sidecar_s_flags_and_variables_are_those_of_serve() -> None:
    parser = argparse.ArgumentParser(add_help=False)
    add_flags(parser)
    flags = {action.option_strings[0]: action.help or "" for action in parser._actions}  # noqa: SLF001  argparse has no other list
    rows = [row for row in CONFIGURATION.rows("flag") if len(row) == 4]
    assert sorted(name for flag, *_ in rows for name in names(flag)) == sorted(flags)
    for flag, variable, *_ in rows:
        (flag_name,), (variable_name,) = names(flag), names(variable)
        assert re.search(rf"\b{variable_name}\b", flags[flag_name])


def test_the_sidecar_s_defaults_are_those_of_serve() -> None:
    rows = {names(flag)[0]: cells for flag, *cells in CONFIGURATION.rows("flag") if len(cells) == 3}
    assert names(rows["--listen"][1]) == [DEFAULT_LISTEN]
    assert names(rows["--plugin-name"][1]) == [DEFAULT_PLUGIN_NAME]
    assert set(names(rows["--log-level"][2])) == set(LOG_LEVELS)


def test_the_bridge_s_flags_are_those_of_its_program() -> None:
    flags = re.findall(r'flag\.\w+\((?:&[\w.]+, )?"([a-z-]+)"', MAIN)
    rows = [row for row in CONFIGURATION.rows("flag") if len(row) < 4]
    assert sorted(name for flag, *_ in rows for name in names(flag)) == sorted(f"--{flag}" for flag in flags)


def test_the_defaults_of_the_bridge_are_those_of_its_program() -> None:
    rows = {names(flag)[0]: default for flag, default, *more in CONFIGURATION.rows("flag") if len(more) == 1}
    (address,), (timeout,), (level,) = (
        names(rows[flag]) for flag in ("--address", "--timeout", "--log-level")
    )
    assert f'"address", "{address}"' in MAIN
    assert f'"timeout", {timeout.removesuffix("s")}*time.Second' in MAIN
    assert f'"log-level", "{level}"' in MAIN


def test_the_actions_of_each_policy_are_those_that_it_allows() -> None:
    listed: dict[str, set[str]] = {}
    policy = ""
    for cell, actions, _ in page("permissions.md").rows("policy"):
        policy = names(cell)[0] if cell else policy
        listed.setdefault(policy, set()).update(names(actions))
    assert set(listed) == {"policy.json", "default-actions.json", "header-routes.json"}
    for name, actions_listed in listed.items():
        document = json.loads((ROOT / "deploy" / "iam" / name).read_text())
        allowed = [one["Action"] for one in document["Statement"] if one["Effect"] == "Allow"]
        flat = {action for one in allowed for action in ([one] if isinstance(one, str) else one)}
        assert {f"elasticloadbalancing:{action}" for action in actions_listed} == flat
