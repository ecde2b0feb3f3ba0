import a_module_that_nobody_has


class Unready(a_module_that_nobody_has.Base):
    pass
