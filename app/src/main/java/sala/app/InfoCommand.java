package sala.app;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sala.loader.Checkpoint;
import sala.loader.ModelConfig;
import sala.loader.SparseConfig;
import sala.model.CacheFormat;
import sala.model.MemoryPlan;
import sala.model.tornado.DeviceMemoryPlan;
import sala.model.tornado.TornadoOptions;

/** {@code sala info}: what a model is and what it takes. Reads {@code config.json} alone, no weight. */
@Command(
        name = "info",
        description = "Shows a model's configuration, its layers, its parameters and the memory it takes.",
        footer = {"%nNeeds only config.json. Example:", "  sala info --model MiniCPM-SALA"})
final class InfoCommand implements Runnable {
    private static final List<Integer> PLANNED_LENGTHS = List.of(4 << 10, 64 << 10, 256 << 10, 1 << 20);

    private static final List<String> MEMORY_COLUMNS =
            List.of("weights", "KV cache", "K1+K2", "state", "work", "total");

    private final CommandStreams streams;

    @Mixin
    private ModelOptions model = new ModelOptions();

    @Option(names = "--json", description = "Print one JSON object.")
    private boolean asJson;

    InfoCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        Path directory = model.directory();
        ModelConfig config = Checkpoint.readConfig(directory);
        if (asJson) {
            JsonOutput.writePretty(streams, json -> writeJson(json, directory, config));
        } else {
            streams.emit(text(directory, config));
        }
    }

    private static String text(Path directory, ModelConfig config) {
        List<String> lines = new ArrayList<>();
        row(lines, "model", directory.toString());
        row(
                lines,
                "parameters",
                "%s (%s)"
                        .formatted(
                                Quantities.grouped(MemoryPlan.parameterCount(config)),
                                Quantities.parameters(MemoryPlan.parameterCount(config))));
        row(lines, "layers", "%d   %s".formatted(config.numLayers(), config.layerStrip()));
        row(lines, "", "S block-sparse softmax attention, L lightning (linear) attention");
        row(
                lines,
                "sizes",
                "hidden %d, intermediate %d, vocabulary %d%s"
                        .formatted(
                                config.hiddenSize(),
                                config.intermediateSize(),
                                config.vocabSize(),
                                config.tiedEmbeddings() ? ", head tied to the embedding" : ""));
        row(
                lines,
                "S heads",
                "%d x %d over %d KV heads (groups of %d), RoPE %s, gate %s"
                        .formatted(
                                config.numHeads(),
                                config.headDim(),
                                config.numKvHeads(),
                                config.groupSize(),
                                onOff(config.sparseUseRope()),
                                onOff(config.sparseUseOutputGate())));
        row(
                lines,
                "S selection",
                "%s %d blocks of %d: %d initial, current and %d local, the rest by score"
                        .formatted(
                                config.sparse().denseLength() == SparseConfig.NEVER
                                        ? "dense at every length; where sparse is asked for,"
                                        : "dense below %d tokens; then"
                                                .formatted(config.sparse().denseLength()),
                                config.sparse().effectiveTopK(),
                                config.sparse().blockSize(),
                                config.sparse().initBlocks(),
                                config.sparse().localBlocks()));
        row(
                lines,
                "S windows",
                "%d wide every %d tokens, coarse %d every %d"
                        .formatted(
                                config.sparse().kernelSize(),
                                config.sparse().kernelStride(),
                                config.sparse().coarseKernelSize(),
                                config.sparse().coarseKernelStride()));
        row(
                lines,
                "L heads",
                "%d x %d, RoPE %s, QK norm %s, output norm %s, gate %s"
                        .formatted(
                                config.lightning().numHeads(),
                                config.lightning().headDim(),
                                onOff(config.lightning().useRope()),
                                onOff(config.lightning().qkNorm()),
                                onOff(config.lightning().useOutputNorm()),
                                onOff(config.lightning().useOutputGate())));
        row(
                lines,
                "scales",
                String.format(
                        Locale.ROOT,
                        "embedding %s, residual %.6f, logits %.6f, norm eps %s, RoPE theta %s",
                        config.embeddingScale(),
                        config.residualScale(),
                        config.logitScale(),
                        config.rmsNormEps(),
                        config.ropeTheta()));
        row(
                lines,
                "tokens",
                "begin %d, end %s, padding %d"
                        .formatted(config.bosTokenId(), config.eosTokenIds(), config.padTokenId()));
        row(lines, "context", "made for %s tokens".formatted(Quantities.grouped(config.maxPositionEmbeddings())));
        row(lines, "stored as", config.torchDtype());
        lines.add("");
        lines.add("memory with f32 caches, as the cpu backend keeps them");
        addMemoryTable(lines, directory, config, CacheFormat.F32);
        lines.add("");
        lines.add("memory with bf16 caches, as the released code keeps them");
        addMemoryTable(lines, directory, config, CacheFormat.BF16);
        lines.add("");
        lines.add("memory on a GPU with bf16 weights and f16 caches, as the tornado backend keeps them");
        lines.add(memoryRow("context", MEMORY_COLUMNS));
        for (int contextLength : PLANNED_LENGTHS) {
            onGpu(config, contextLength)
                    .ifPresent(plan -> lines.add(memoryRow(
                            Quantities.tokens(contextLength),
                            List.of(
                                    Quantities.bytes(plan.weightBytes()),
                                    Quantities.bytes(plan.kvBytes()),
                                    Quantities.bytes(plan.compressedKeyBytes()),
                                    Quantities.bytes(plan.stateBytes()),
                                    Quantities.bytes(plan.workBytes()),
                                    Quantities.bytes(plan.totalBytes())))));
        }
        return String.join("\n", lines) + "\n";
    }

    /** Empty where no device can address the caches. */
    private static Optional<DeviceMemoryPlan> onGpu(ModelConfig config, int contextLength) {
        try {
            return Optional.of(DeviceMemoryPlan.of(config, TornadoOptions.ofCuda(config, contextLength)));
        } catch (IllegalArgumentException | ArithmeticException _) {
            return Optional.empty();
        }
    }

    private static void addMemoryTable(
            List<String> lines, Path directory, ModelConfig config, CacheFormat cacheFormat) {
        lines.add(memoryRow("context", MEMORY_COLUMNS));
        for (int contextLength : PLANNED_LENGTHS) {
            MemoryPlan plan = MemoryCheck.plan(directory, config, contextLength, cacheFormat);
            lines.add(memoryRow(
                    Quantities.tokens(contextLength),
                    List.of(
                            Quantities.bytes(plan.weightBytes()),
                            Quantities.bytes(plan.kvBytes()),
                            Quantities.bytes(plan.compressedKeyBytes()),
                            Quantities.bytes(plan.stateBytes()),
                            Quantities.bytes(plan.workBytes()),
                            Quantities.bytes(plan.totalBytes()))));
        }
    }

    private static void row(List<String> lines, String name, String value) {
        lines.add(String.format(Locale.ROOT, "%-12s %s", name, value).stripTrailing());
    }

    private static String memoryRow(String name, List<String> cells) {
        StringBuilder line = new StringBuilder(String.format(Locale.ROOT, "%-12s", name));
        cells.forEach(cell -> line.append(String.format(Locale.ROOT, " %12s", cell)));
        return line.toString();
    }

    private static String onOff(boolean on) {
        return on ? "on" : "off";
    }

    private static void writeJson(JsonGenerator json, Path directory, ModelConfig config) throws IOException {
        json.writeStartObject();
        json.writeStringField("model", directory.toString());
        json.writeNumberField("parameters", MemoryPlan.parameterCount(config));
        json.writeStringField("layers", config.layerStrip());
        writeConfig(json, config);
        writeMemory(json, "memory", directory, config, CacheFormat.F32);
        writeMemory(json, "memoryWithBf16Caches", directory, config, CacheFormat.BF16);
        json.writeArrayFieldStart("memoryOnGpu");
        for (int contextLength : PLANNED_LENGTHS) {
            Optional<DeviceMemoryPlan> plan = onGpu(config, contextLength);
            if (plan.isPresent()) {
                writePlan(json, contextLength, plan.get());
            }
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void writeMemory(
            JsonGenerator json, String field, Path directory, ModelConfig config, CacheFormat cacheFormat)
            throws IOException {
        json.writeArrayFieldStart(field);
        for (int contextLength : PLANNED_LENGTHS) {
            MemoryPlan plan = MemoryCheck.plan(directory, config, contextLength, cacheFormat);
            json.writeStartObject();
            json.writeNumberField("contextLength", contextLength);
            json.writeNumberField("weightBytes", plan.weightBytes());
            json.writeNumberField("kvBytes", plan.kvBytes());
            json.writeNumberField("compressedKeyBytes", plan.compressedKeyBytes());
            json.writeNumberField("stateBytes", plan.stateBytes());
            json.writeNumberField("workBytes", plan.workBytes());
            json.writeNumberField("totalBytes", plan.totalBytes());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void writePlan(JsonGenerator json, int contextLength, DeviceMemoryPlan plan) throws IOException {
        json.writeStartObject();
        json.writeNumberField("contextLength", contextLength);
        json.writeNumberField("weightBytes", plan.weightBytes());
        json.writeNumberField("kvBytes", plan.kvBytes());
        json.writeNumberField("compressedKeyBytes", plan.compressedKeyBytes());
        json.writeNumberField("stateBytes", plan.stateBytes());
        json.writeNumberField("workBytes", plan.workBytes());
        json.writeNumberField("totalBytes", plan.totalBytes());
        json.writeEndObject();
    }

    private static void writeConfig(JsonGenerator json, ModelConfig config) throws IOException {
        json.writeObjectFieldStart("config");
        json.writeNumberField("numLayers", config.numLayers());
        json.writeNumberField("hiddenSize", config.hiddenSize());
        json.writeNumberField("intermediateSize", config.intermediateSize());
        json.writeNumberField("vocabSize", config.vocabSize());
        json.writeBooleanField("tiedEmbeddings", config.tiedEmbeddings());
        json.writeNumberField("numHeads", config.numHeads());
        json.writeNumberField("numKvHeads", config.numKvHeads());
        json.writeNumberField("headDim", config.headDim());
        json.writeBooleanField("sparseUseRope", config.sparseUseRope());
        json.writeBooleanField("sparseUseOutputGate", config.sparseUseOutputGate());
        json.writeNumberField("embeddingScale", config.embeddingScale());
        json.writeNumberField("residualScale", config.residualScale());
        json.writeNumberField("logitScale", config.logitScale());
        json.writeNumberField("rmsNormEps", config.rmsNormEps());
        json.writeNumberField("ropeTheta", config.ropeTheta());
        json.writeNumberField("maxPositionEmbeddings", config.maxPositionEmbeddings());
        json.writeNumberField("bosTokenId", config.bosTokenId());
        json.writeArrayFieldStart("eosTokenIds");
        for (int token : config.eosTokenIds()) {
            json.writeNumber(token);
        }
        json.writeEndArray();
        json.writeNumberField("padTokenId", config.padTokenId());
        json.writeStringField("torchDtype", config.torchDtype());
        json.writeObjectFieldStart("sparse");
        json.writeNumberField("kernelSize", config.sparse().kernelSize());
        json.writeNumberField("kernelStride", config.sparse().kernelStride());
        json.writeNumberField("initBlocks", config.sparse().initBlocks());
        json.writeNumberField("blockSize", config.sparse().blockSize());
        json.writeNumberField("windowSize", config.sparse().windowSize());
        json.writeNumberField("topK", config.sparse().topK());
        json.writeNumberField("effectiveTopK", config.sparse().effectiveTopK());
        json.writeNumberField("denseLength", config.sparse().denseLength());
        json.writeEndObject();
        json.writeObjectFieldStart("lightning");
        json.writeNumberField("numHeads", config.lightning().numHeads());
        json.writeNumberField("headDim", config.lightning().headDim());
        json.writeNumberField("attentionScale", config.lightning().attentionScale());
        json.writeBooleanField("useRope", config.lightning().useRope());
        json.writeBooleanField("qkNorm", config.lightning().qkNorm());
        json.writeBooleanField("useOutputNorm", config.lightning().useOutputNorm());
        json.writeBooleanField("useOutputGate", config.lightning().useOutputGate());
        json.writeEndObject();
        json.writeEndObject();
    }
}
