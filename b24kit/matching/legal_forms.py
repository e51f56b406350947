"""Words of a company's name that say its legal form, or nothing, in Russian and Latin spelling."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Written alone among the words of a name. Russian forms, their Latin spellings, and those of other countries.
LEGAL_FORMS = _words("""
ооо оао зао пао ао нао ип чп чуп тоо кфх гуп муп фгуп фгбу фгбоу гбу мбу нко ано снт тсж гк ук пк нп фонд
ooo oao zao pao ao nao ip too gup mup fgup ano pjsc ojsc cjsc jsc llc llp lp ltd limited inc incorporated corp
corporation corpration co company plc gmbh mbh ag kg kgaa ohg ug sa sas sarl srl spa sl bv nv ab as asa aps oy oyj
kk kft zrt sro doo pty pte pvt private bhd sdn tbk ltda cv
""")

# Long forms, taken off as phrases before the words are looked at.
LONG_FORMS = (
    "общество с ограниченной ответственностью", "публичное акционерное общество", "открытое акционерное общество",
    "закрытое акционерное общество", "непубличное акционерное общество", "акционерное общество",
    "индивидуальный предприниматель", "товарищество с ограниченной ответственностью", "группа компаний",
    "торговый дом", "производственная компания", "limited liability company", "joint stock company",
    "kabushiki kaisha", "s a r l", "s r l", "s p a", "s a s", "s l u", "s a", "s l", "b v", "n v", "a s", "g m b h",
    "l l c", "l t d", "co ltd", "z o o", "sp z o o", "d o o", "s r o",
)  # fmt: skip
