"""Who belongs to a department: one recursive statement a question, however deep the tree.

The recursion uses UNION, not UNION ALL, so that a circle in the tree (two changes at once) ends it too.
"""

from collections.abc import Collection

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

    Active members, those of sub-departments included; the heads of the department and of the ones below it are left
    out. Every asked department is a key, also an empty or an unknown one. One statement.
    """
    members: dict[int, list[int]] = {department_id: [] for department_id in department_ids}
    if members:
        with connection.cursor() as cursor:
            cursor.execute(_MEMBERS, [list(members)])
            for root, employee_id in cursor.fetchall():
                members[root].append(employee_id)
    return members


def subtree(department_ids: Collection[int]) -> set[int]:
    """The departments and all below them. One statement."""
    if not department_ids:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(_SUBTREE, [list(department_ids)])
        return {row[0] for row in cursor.fetchall()}


def own_department(employee_id: int, *, department_id: int | None) -> set[int]:
    """The employees "own department" reaches (§12): his department's and those of the departments he heads, with all
    below them, and himself. The dismissed stay in, so that their dialogs can still be read. One statement."""
    with connection.cursor() as cursor:
        cursor.execute(_OWN, [department_id, employee_id])
        return {employee_id, *(row[0] for row in cursor.fetchall())}
