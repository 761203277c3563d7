"""Who belongs to a department: one recursive statement a question, however deep the tree.

The recursion uses UNION, not UNION ALL, so that a circle in the tree (two changes at once) ends it too.
"""

from collections.abc import Collection
from dataclasses import dataclass

from django.db import connection

_MEMBERS = """
WITH RECURSIVE tree (root, id) AS (
    SELECT id, id FROM staff_department WHERE id = ANY(%s)
    UNION
    SELECT tree.root, child.id FROM staff_department child JOIN tree ON child.parent_id = tree.id
)
SELECT tree.root, employee.id
FROM tree JOIN staff_employee employee ON employee.department_id = tree.id
WHERE employee.is_active
  AND NOT EXISTS (
    SELECT FROM tree other JOIN staff_department led ON led.id = other.id
    WHERE other.root = tree.root AND led.head_id = employee.id
  )
ORDER BY tree.root, employee.last_name, employee.first_name, employee.username
"""

_SUBTREE = """
WITH RECURSIVE tree (id) AS (
    SELECT id FROM staff_department WHERE id = ANY(%s)
    UNION
    SELECT child.id FROM staff_department child JOIN tree ON child.parent_id = tree.id
)
SELECT id FROM tree
"""

_TREE_ORDER = """
WITH RECURSIVE
numbered (id, parent_id, place) AS (
    SELECT id, parent_id, row_number() OVER (ORDER BY sort_order, name, id) FROM staff_department
),
tree (id, depth, path) AS (
    SELECT id, 0, ARRAY[place] FROM numbered WHERE parent_id IS NULL
    UNION ALL
    SELECT child.id, tree.depth + 1, tree.path || child.place
    FROM numbered child JOIN tree ON child.parent_id = tree.id
)
SELECT id, depth FROM tree ORDER BY path
"""

_OWN = """
WITH RECURSIVE tree (id) AS (
    SELECT id FROM staff_department WHERE id = %s OR head_id = %s
    UNION
    SELECT child.id FROM staff_department child JOIN tree ON child.parent_id = tree.id
)
SELECT employee.id FROM staff_employee employee WHERE employee.department_id IN (SELECT id FROM tree)
"""


def members_of(department_ids: Collection[int]) -> dict[int, list[int]]:
    """The employees each department stands for in a queue (Q1), ordered by name.

    Active members, those of sub-departments included; the heads of the department and of the ones below it
    are left out. Every asked department is a key, also an empty or an unknown one. One statement.
    """
    members: dict[int, list[int]] = {department_id: [] for department_id in department_ids}
    if members:
        with connection.cursor() as cursor:
            cursor.execute(_MEMBERS, [list(members)])
            for root, employee_id in cursor.fetchall():
                members[root].append(employee_id)
    return members


@dataclass(frozen=True)
class Place:
    department_id: int
    depth: int  # 0 at the top


def in_tree_order() -> list[Place]:
    """Every department, each followed by those below it (but not a circle: it has no top). One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_TREE_ORDER)
        return [Place(department_id=row[0], depth=row[1]) for row in cursor.fetchall()]


def subtree(department_ids: Collection[int]) -> set[int]:
    """The departments and all below them. One statement."""
    if not department_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREE, [list(department_ids)])
        return {row[0] for row in cursor.fetchall()}


def own_department(employee_id: int, *, department_id: int | None) -> set[int]:
    """The employees "own department" reaches (§12): those of his department, of those he heads and of
    all below them, and himself. The dismissed stay in, so that their dialogs can be read. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [department_id, employee_id])
        return {employee_id, *(row[0] for row in cursor.fetchall())}
