# The demo on port 7860:  docker build -t reggan . && docker run -p 7860:7860 -v reggan-votes:/data reggan
FROM python:3.11-slim

WORKDIR /app
COPY packages.txt requirements.txt ./
RUN apt-get update \
    && xargs apt-get install -y --no-install-recommends < packages.txt \
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu -r requirements.txt

COPY LICENSE README.md app.py ./
COPY docs docs
COPY examples examples
COPY reggan reggan

# Votes and the Hub's cache outlive the container; nothing else is kept.
RUN useradd --create-home --uid 1000 reggan && mkdir /data && chown reggan:reggan /data
USER reggan
ENV REGGAN_VOTES_DB=/data/votes.db HF_HOME=/data/huggingface
ENV GRADIO_SERVER_NAME=0.0.0.0 GRADIO_SERVER_PORT=7860 PYTHONUNBUFFERED=1
VOLUME /data
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
    CMD python -c "import urllib.request; urllib.request.urlopen('http://127.0.0.1:7860/config', timeout=4)"
CMD ["python", "app.py"]
