"""Short and full forms of common given names, as written: no published package knows them, so the list is ours."""

from __future__ import annotations

# Each line: the full form, then how people also write it. Ambiguous short forms (Саша, Женя, Валя) stand on two lines.
_TABLE = """
александр саша саня шура алекс alexander sasha
александра саша шура алекс alexandra sasha
алексей леша алеша алекс
анастасия настя
анатолий толя
андрей андрюша andrew andy
анна аня анюта
антон антоша
аркадий аркаша
борис боря
вадим вадик
валентин валя
валентина валя
валерий валера
валерия лера
василий вася
вера верочка
виктор витя
виктория вика victoria
виталий виталик
владимир володя вова
владислав влад
вячеслав слава
галина галя
геннадий гена
георгий гоша жора
григорий гриша
дарья даша
денис дэн
дмитрий дима митя
евгений женя
евгения женя
екатерина катя catherine katherine kate kathy
елена лена алена helen
елизавета лиза elizabeth liz beth
иван ваня
игорь игорек
илья илюша
ирина ира
кирилл кира
константин костя
ксения ксюша оксана
лариса лара
леонид леня
любовь люба
людмила люда мила
маргарита рита
марина мариша
мария маша maria
михаил миша michael mike
надежда надя
наталья наташа наталия
никита никитос
николай коля nicholas nick
олег олежка
ольга оля
павел паша paul
петр петя peter pete
полина поля
роман рома
светлана света
семен сема
сергей сережа
софья соня софия sofia sophia
станислав стас
степан степа
тамара тома
татьяна таня
тимофей тима
федор федя
эдуард эдик
юлия юля julia
юрий юра
яна яночка
ярослав ярик
anthony tony
benjamin ben
christopher chris
daniel dan danny
david dave
edward ed eddie
gregory greg
james jim jimmy
jeffrey jeff
jonathan jon
joseph joe
kenneth ken
lawrence larry
matthew matt
patrick pat
philip phil
richard rick dick
robert rob bob bobby
ronald ron
samuel sam
stephen steve
steven steve
theodore ted
thomas tom tommy
timothy tim
vincent vince
william bill will
"""


def forms() -> dict[str, frozenset[str]]:
    """Every form as written in the table, to the full names it may stand for."""
    found: dict[str, set[str]] = {}
    for line in _TABLE.split("\n"):
        words = line.split()
        for word in words:
            found.setdefault(word, set()).add(words[0])
    return {word: frozenset(full) for word, full in found.items()}
