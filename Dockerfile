# One image for the web server and the workers; compose.yaml tells them apart.
FROM python:3.13-slim

WORKDIR /srv/contactcenter
RUN pip install --no-cache-dir uv

# What is needed to run, at the locked versions: the lock's hashes hold, its development tools stay out.
COPY pyproject.toml requirements.lock ./
RUN uv pip install --system --no-cache --requirement pyproject.toml --constraint requirements.lock

COPY . .
ENV CONTACTCENTER_VAR=/srv/var STATIC_ROOT=/srv/static
RUN python -m contactcenter.translations compile \
    && DATABASE_URL=postgres://nowhere/none SECRET_KEY=build python manage.py collectstatic --noinput \
    && useradd --system --create-home contactcenter \
    && install -d -o contactcenter /srv/var

USER contactcenter
VOLUME /srv/var
EXPOSE 8000
CMD ["python", "-m", "contactcenter.serve", "--host", "0.0.0.0", "--port", "8000"]
