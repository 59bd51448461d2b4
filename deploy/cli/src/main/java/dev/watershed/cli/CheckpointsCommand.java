package dev.watershed.cli;

import picocli.CommandLine.Command;

/** Looks at checkpoints, brings them in and takes them out. */
@Command(
    name = "checkpoints",
    description = "List, show, register, upload, download and delete checkpoints.",
    subcommands = {
      DeleteCheckpointsCommand.class,
      DownloadCheckpointCommand.class,
      GetCheckpointCommand.class,
      ListCheckpointsCommand.class,
      RegisterCheckpointsCommand.class,
      ShowCheckpointCommand.class,
      UploadCheckpointCommand.class
    },
    footer = {
      "",
      "Examples:",
      "  watershed checkpoints list",
      "  watershed checkpoints register models/bert-base-uncased bert-base-uncased",
      "  watershed checkpoints register models/mine mine --labels no,yes",
      "  watershed checkpoints register runs/seed*/checkpoint-* --tokenizer models/bert-base-uncased",
      "  watershed checkpoints upload models/mine --address gpu-server:7878",
      "  watershed checkpoints show bert-base-uncased --tensors",
      "  watershed checkpoints download miniature-pretrained --out miniature-pretrained",
      "  watershed checkpoints delete mine"
    })
final class CheckpointsCommand {}
