from services.generators.base import BaseGenerator, StreamedGenerator


class Newer(BaseGenerator, StreamedGenerator):
    pass
