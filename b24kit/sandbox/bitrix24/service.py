"""What a portal says about itself: scope, methods, method.get, server.time, app.info, feature.get, access.name.

Families that live only inside an installed application and that the sandbox does not play are registered here too, so
that a webhook meets the portal's own refusal instead of an unknown method (sections on webhooks and applications).
"""

from __future__ import annotations

from typing import Any

from b24kit.sandbox.bitrix24 import moments, people
from b24kit.sandbox.bitrix24.registry import METHODS, Answer, Call, FakePortal, Fault, Method, method

_ALL_SCOPES_TEXT = """
ai_admin appform baas basket bizproc biconnector calendar call catalog catalogmobile cashbox
configuration.import contact_center contactcenter crm delivery department disk documentgenerator entity faceid
forum humanresources.hcmlink iblock im im.import imbot imconnector imopenlines intranet landing landing_cloud
lists log mailservice main messageservice ml mobile notifications pay_system placement pull pull_channel rating
rest rpa sale salescenter sign.b2e smile socialnetwork sonet_group task tasks tasksmobile tasks_extended
telephony timeman user user.userfield user_basic user_brief userconsent userfieldconfig vote
"""
ALL_SCOPES = _ALL_SCOPES_TEXT.split()
# A method's scope may also be opened by a narrower or an older name of it (scopes/permissions).
OPENED_ALSO_BY = {"user": {"user_basic", "user_brief"}, "task": {"tasks", "tasks_extended"}}
_FEATURES = {"rest_offline_extended", "rest_auth_connector"}
_ACCESS_NAMES = {"AU": "Все авторизованные пользователи", "G1": "Администраторы", "G2": "Все посетители"}
_APPLICATION_ONLY = {
    None: "app.option.get app.option.set user.option.get user.option.set",
    "bizproc": "bizproc.activity.add bizproc.activity.update bizproc.activity.list bizproc.activity.delete "
    "bizproc.workflow.template.add bizproc.workflow.template.update bizproc.workflow.template.delete",
    "crm": "crm.activity.type.add crm.activity.type.list crm.activity.type.delete "
    "crm.activity.configurable.add crm.activity.configurable.get crm.activity.configurable.update "
    "crm.activity.layout.blocks.set crm.activity.layout.blocks.get crm.activity.layout.blocks.delete "
    "crm.timeline.layout.blocks.set crm.timeline.layout.blocks.get crm.timeline.layout.blocks.delete",
    "placement": "placement.bind placement.unbind placement.get placement.list",
}
_ENTERPRISE = "ent"


def opens(granted: frozenset[str], scope: str | None) -> bool:
    """Whether the granted scopes allow a method of this scope; None is open to every token."""
    return scope is None or scope in granted or bool(OPENED_ALSO_BY.get(scope, set()) & granted)


@method("scope", scope=None)
def scope(call: Call) -> Answer:
    """scope: what this token was granted; `full=true` lists everything the portal knows."""
    if call.param("full", default=None) in (True, "true", "1", 1, "Y"):
        return Answer(sorted(ALL_SCOPES))
    return Answer(sorted(call.scopes))


@method("methods", scope=None)
def methods(call: Call) -> Answer:
    """methods: names open to this token; `full=true` all of them, `scope=crm` those of one scope."""
    every = call.param("full", default=None) in (True, "true", "1", 1, "Y")
    wanted = call.param("scope")
    names = [one.name for one in METHODS.values() if _listed(one, call, every, wanted)]
    return Answer(sorted(names))


@method("method.get", scope=None)
def method_get(call: Call) -> Answer:
    """method.get: whether a method exists and is open to this token; an unknown name is no error."""
    found = METHODS.get(str(call.param("name", default="")).lower())
    open_to_us = (
        found is not None and opens(call.scopes, found.scope) and (call.application or not found.application_only)
    )
    return Answer({"isExisting": found is not None, "isAvailable": open_to_us})


@method("server.time", scope=None)
def server_time(call: Call) -> Answer:
    """server.time: the portal's own clock."""
    return Answer(moments.shown(call.portal, moments.now(call.portal)))


@method("app.info", scope=None)
def app_info(call: Call) -> Answer:
    """app.info: a webhook is told its scopes and the licence only; an application learns about its installation."""
    plan = str(call.portal.settings.get("plan", "std"))
    licence = {"SCOPE": sorted(call.scopes), "LICENSE": f"ru_{plan}"}
    if not call.application:
        return Answer(licence)
    return Answer(
        {
            "ID": 1,
            "CODE": call.client_id or "local.b24kit",
            "VERSION": 1,
            "STATUS": "L",
            "INSTALLED": True,
            "PAYMENT_EXPIRED": "N",
            "DAYS": None,
            "LANGUAGE_ID": "ru",
            "LICENSE_TYPE": plan,
            "LICENSE_FAMILY": _ENTERPRISE if plan.startswith(_ENTERPRISE) else plan,
            **licence,
        }
    )


@method("feature.get", scope=None)
def feature_get(call: Call) -> Answer:
    """feature.get: Y for what the plan holds (`settings["features"]`, else the Enterprise plan), N for the rest."""
    code = str(call.param("CODE", default="") or "")
    if not code:
        raise Fault("CODE_EMPTY", "CODE can't be empty")
    return Answer({"value": "Y" if has_feature(call.portal, code) else "N"})


def has_feature(portal: FakePortal, code: str) -> bool:
    """Whether the portal's plan holds a feature."""
    plan_has = _FEATURES if str(portal.settings.get("plan", "")).startswith(_ENTERPRISE) else set()
    return code in portal.settings.get("features", plan_has)


@method("access.name", scope=None)
def access_name(call: Call) -> Answer:
    """access.name: readable names of access codes (groups, users `U5`, departments `D3`)."""
    asked = call.param("ACCESS", default=[])
    codes = [str(code) for code in (asked if isinstance(asked, list) else [asked])]
    found = {code: _access_name(call, code) for code in codes}
    return Answer({k: v for k, v in found.items() if v is not None} or [])


@method("user.access", scope=None)
def user_access(call: Call) -> Answer:
    """user.access: whether the caller holds one of the access codes."""
    asked = call.param("ACCESS", default=[])
    own = {"AU", "G2", f"U{call.user_id}"} | ({"G1"} if people.is_admin(call.portal, call.user_id) else set())
    return Answer(any(str(code) in own for code in (asked if isinstance(asked, list) else [asked])))


def _access_name(call: Call, code: str) -> dict[str, Any] | None:
    if code in _ACCESS_NAMES:
        return {"provider": "", "name": _ACCESS_NAMES[code], "provider_id": "other"}
    if code[:1] == "U" and code[1:].isdigit() and people.full_name(call.portal, int(code[1:])):
        return {"provider": "", "name": people.full_name(call.portal, int(code[1:])), "provider_id": "user"}
    department = call.portal.store["department"].get(int(code[1:])) if code[:1] == "D" and code[1:].isdigit() else None
    return {"provider": "Отдел", "name": department["NAME"], "provider_id": "intranet"} if department else None


def _listed(one: Method, call: Call, every: bool, wanted: Any) -> bool:
    if wanted:
        return one.scope == str(wanted)
    return every or opens(call.scopes, one.scope)


def _application_only(call: Call) -> Answer:
    # Not played here, so not even an application's token gets further.
    raise Fault("ACCESS_DENIED", f"Access denied! Application context required ({call.method})", 403)


for _scope, _names in _APPLICATION_ONLY.items():
    for _name in _names.split():
        method(_name, scope=_scope, application=True)(_application_only)
