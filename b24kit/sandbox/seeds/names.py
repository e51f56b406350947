"""Russian names for the generated company: given names, surnames by frequency, patronymics, and Latin spellings.

Own lists, no real person behind any of them. All chance comes from the `random.Random` that a caller seeds.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

_MALE_TEXT = """
Александр Сергей Дмитрий Андрей Алексей Максим Евгений Иван Михаил Николай Владимир Илья Артём Павел Роман Игорь
Олег Константин Виктор Юрий Денис Антон Кирилл Вадим Тимур Григорий Станислав Руслан Борис Леонид
"""
MALE = _MALE_TEXT.split()
_FEMALE_TEXT = """
Елена Ольга Наталья Екатерина Анна Татьяна Мария Ирина Светлана Юлия Анастасия Марина Людмила Виктория Оксана
Надежда Галина Ксения Алина Дарья Евгения Валентина Вера Полина Лариса Алёна Инна Яна Диана Жанна
"""
FEMALE = _FEMALE_TEXT.split()
_FATHERS_TEXT = """
Александр Сергей Владимир Николай Анатолий Виктор Михаил Иван Юрий Алексей Валерий Андрей Евгений Геннадий Борис
Павел Олег Константин
"""
_FATHERS = _FATHERS_TEXT.split()
_SURNAMES_TEXT = """
Иванов Смирнов Кузнецов Попов Васильев Петров Соколов Михайлов Новиков Фёдоров Морозов Волков Алексеев Лебедев
Семёнов Егоров Павлов Козлов Степанов Николаев Орлов Андреев Макаров Никитин Захаров Зайцев Соловьёв Борисов
Яковлев Григорьев Романов Воробьёв Сергеев Кузьмин Фролов Александров Дмитриев Королёв Гусев Киселёв Ильин
Максимов Поляков Сорокин Виноградов Ковалёв Белов Медведев Антонов Тарасов Жуков Баранов Филиппов Комаров
Давыдов Беляев Герасимов Богданов Осипов Сидоров Матвеев Титов Марков Миронов Крылов Куликов Карпов Власов
Мельников Денисов Гаврилов Тихонов Казаков Афанасьев Данилов Савельев Тимофеев Фомин Чернов Абрамов Мартынов
Ефимов Федотов Щербаков Назаров Калинин Исаев Чернышёв Быков Маслов Родионов Коновалов Лазарев Воронин Климов
Филатов Пономарёв Голубев Кудрявцев Прохоров Наумов Потапов Журавлёв Овчинников Трофимов Леонов Соболев Ермаков
Колесников Гончаров Емельянов Никифоров Грачёв Котов Гришин Ефремов Архипов Громов Кириллов Малышев Панов
Моисеев Румянцев Акимов Кондратьев Бирюков Горбунов Анисимов Еремин Тихомиров Галкин Лукьянов Михеев Скворцов
Юдин Белоусов Нестеров Симонов Прокофьев Харитонов Князев Цветков Левин Митрофанов Воронов Аксёнов Софронов
Мальцев Логинов Горшков Савин Краснов Майоров Демидов Елисеев Рыбаков Сафонов Плотников Дёмин Хохлов Фадеев
Молчанов Игнатов Литвинов Ершов Ушаков Дементьев Рябов Мухин Калашников Леонтьев Лобанов Кузин Корнеев Евдокимов
Бородин Платонов Некрасов Балашов Бобров Жданов Блинов Игнатьев Коротков Муравьёв Крюков Беляков Богомолов
Дроздов Лавров Зуев Петухов Ларин Никулин Серов Терентьев Зотов Устинов Фокин Самойлов Константинов Сахаров
Шишкин Самсонов Черкасов Чистяков Носов Спиридонов Карасёв Авдеев Воронцов Зверев Владимиров Селезнёв Нечаев
Кудряшов Седов Фирсов Андрианов Панфилов Головин Терехов Ульянов Шестаков Агеев Никонов Селиванов Баженов
Гордеев Кожевников Пахомов Зимин Костин Широков Филимонов Ларионов Овсянников Сазонов Суворов Нефёдов Корнилов
Любимов Львов Горбачёв Копылов Лукин Токарев Кулешов Шилов Большаков Панкратов Родин Шаповалов Покровский
Рождественский Успенский Вишневский Островский Высоцкий Черненко Шевченко Бондаренко Коваленко Лысенко Мороз
Гринько
"""
SURNAMES = _SURNAMES_TEXT.split()
# A name's share falls with its place, as in real directories: the first is about thirty times the last.
_WEIGHTS = [1 / (place + 8) for place in range(len(SURNAMES))]
_GIVEN_WEIGHTS = [1 / (place + 10) for place in range(len(MALE))]
# The list holds the common surnames, which a sixth of people bear; the others are put together. The chance that two
# people share a surname is then about 1 in 3,000 and a given name 1 in 25, as in real directories.
_COMMON_SHARE = 0.16
_STEMS_TEXT = """
Бар Вер Гол Дуб Ел Жел Заг Кал Лаз Мал Нос Ост Пар Рож Сал Тал Ус Фил Хар Цап Чал Шал Щег Юр Яр Бел Вет Гор Дол Жар
Зор Кор Лом Мор Ног Ош Пет Рак Сев Тур Уг Фед Хол Чем Шум Яб Бор Вол Груз Дон Ерм Жук Зим Кош Лог Мол Неч Ор Пол Руд
"""
_MIDDLES = ("", "ан", "ен", "ык", "ат", "уш", "ост", "ек", "ал", "ир", "ух", "ын", "ав", "от")
_ENDINGS = ("ов", "ев", "ин", "ов", "ский", "енко", "ков", "нов", "цев", "кин", "чук", "ников")
_STEMS = _STEMS_TEXT.split()

_LATIN = dict(
    zip(
        "абвгдеёжзийклмнопрстуфхцчшщъыьэюя",
        "a b v g d e e zh z i y k l m n o p r s t u f kh ts ch sh shch _ y _ e yu ya".replace("_", "").split(" "),
        strict=True,
    )
)
_LATIN_OTHER = {**_LATIN, "й": "j", "х": "h", "щ": "sch", "ю": "iu", "я": "ia", "ц": "c", "ё": "yo"}


@dataclass(frozen=True, slots=True)
class FullName:
    """A person's name in its dictionary form."""

    given: str
    patronymic: str
    surname: str
    female: bool

    @property
    def latin_given(self) -> str:
        return latin(self.given).capitalize()

    @property
    def latin_surname(self) -> str:
        return latin(self.surname).capitalize()


def full_name(chance: Random) -> FullName:
    """A random person's name; common names come up more often."""
    female = chance.random() < 0.5
    given = chance.choices(FEMALE if female else MALE, _GIVEN_WEIGHTS)[0]
    surname = chance.choices(SURNAMES, _WEIGHTS)[0] if chance.random() < _COMMON_SHARE else _rare_surname(chance)
    return FullName(
        given, patronymic(chance.choice(_FATHERS), female), feminine(surname) if female else surname, female
    )


def _rare_surname(chance: Random) -> str:
    return chance.choice(_STEMS) + chance.choice(_MIDDLES) + chance.choice(_ENDINGS)


def mistyped(chance: Random, word: str) -> str:
    """A word with a slip of the fingers: two letters swapped, one lost or one doubled."""
    place = chance.randrange(1, max(2, len(word) - 1))
    kind = chance.randrange(3)
    if kind == 0:
        return word[:place] + word[place : place + 2][::-1] + word[place + 2 :]
    return word[:place] + (word[place + 1 :] if kind == 1 else word[place] + word[place:])


def feminine(surname: str) -> str:
    """Соколов -> Соколова, Покровский -> Покровская; foreign endings stay."""
    if surname.endswith(("ов", "ёв", "ев", "ин", "ын")):
        return surname + "а"
    return surname[:-2] + "ая" if surname.endswith(("ий", "ый", "ой")) else surname


def patronymic(father: str, female: bool) -> str:
    """Сергей -> Сергеевич or Сергеевна."""
    if father == "Павел":
        stem = "Павлов"
    elif father.endswith("й"):
        stem = (father[:-2] + "ьев") if father.endswith("ий") else father[:-1] + "ев"
    else:
        stem = father + "ов"
    return stem + ("на" if female else "ич")


def latin(text: str, *, other: bool = False) -> str:
    """Transliteration in lower case; `other` gives the rarer spellings (Julia, Xenia's `iu`, `h`, `sch`)."""
    table = _LATIN_OTHER if other else _LATIN
    return "".join(table.get(letter, letter) for letter in text.lower())


def spelling(chance: Random, name: FullName) -> str:
    """The name as a mail client shows it: usual order, swapped, Latin, initials, only the given name, or nothing."""
    roll = chance.random()
    if roll < 0.46:
        return f"{name.given} {name.surname}"
    if roll < 0.60:
        return f"{name.surname} {name.given}"
    if roll < 0.70:
        return f"{name.surname} {name.given} {name.patronymic}"
    if roll < 0.82:
        return f"{name.latin_given} {name.latin_surname}"
    if roll < 0.86:
        return f"{latin(name.surname, other=True).capitalize()} {latin(name.given, other=True).capitalize()}"
    if roll < 0.91:
        return f"{name.surname} {name.given[0]}.{name.patronymic[0]}."
    if roll < 0.95:
        return name.given
    return ""


def phone(chance: Random) -> str:
    """A Russian mobile number in international form, from a range that is not in use."""
    return f"+7900{chance.randrange(10**7):07d}"


def phone_spelling(chance: Random, number: str) -> str:
    """The same number as people type it."""
    digits = number[2:]
    return chance.choice(
        [
            number,
            f"8 ({digits[:3]}) {digits[3:6]}-{digits[6:8]}-{digits[8:]}",
            f"+7 {digits[:3]} {digits[3:6]} {digits[6:]}",
            f"8{digits}",
            f"+7 ({digits[:3]}) {digits[3:6]} {digits[6:8]} {digits[8:]} доб. {chance.randrange(100, 999)}",
        ]
    )
