# revisual on one node's GPUs: docker build -t revisual . && docker run --gpus all -v DATA_FOLDER:/data revisual fit ...
# torch's wheels bring CUDA's libraries; the image brings what finds the driver, and a compiler for Triton's kernels.
FROM nvidia/cuda:12.8.1-base-ubuntu24.04

RUN apt-get update \
    && apt-get install --yes --no-install-recommends gcc git libc6-dev python3-dev python3-venv \
    && rm -rf /var/lib/apt/lists/*
RUN python3 -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH PIP_NO_CACHE_DIR=1

WORKDIR /revisual
COPY . .
RUN pip install -c constraints.txt -e .

ENTRYPOINT ["revisual"]
