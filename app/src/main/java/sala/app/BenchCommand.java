package sala.app;

import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import sala.loader.Checkpoint;
import sala.loader.DType;
import sala.loader.ModelConfig;
import sala.model.Backend;
import sala.model.DevicePass;
import sala.model.EmbeddedModel;
import sala.model.ForwardPass;
import sala.model.ForwardPasses;
import sala.model.GraphRecording;
import sala.model.LayerObserver;
import sala.model.MemoryPlan;
import sala.model.ModelWeights;
import sala.model.PassOptions;
import sala.model.SessionOptions;
import sala.model.WeightFormat;
import sala.model.tornado.TornadoDevices;

/** {@code sala bench}: speed, with the flags and the table of llama-bench. */
@Command(
        name = "bench",
        description = "Measures prompt processing (pp) and generation (tg) as llama-bench does.",
        footer = {
            "%nLists may be given as 1,2 or by repeating the option; ranges as 1-4, 0-512+128",
            "or 128-1024*2. A result is the mean and standard deviation of the rates, their",
            "median and range, and the share of what this machine can do at best, measured",
            "before and behind each repetition: memory bandwidth for generation, f32",
            "multiply-adds for prompt processing. Tokenizer and sampling are not part of it.",
            "Examples:",
            "  sala bench --shape 1b -p 512 -n 64 -r 5",
            "  sala bench --shape minicpm-sala,dense-8b -p 0 -n 64 -d 4096,262144",
            "  sala bench -m MiniCPM-SALA -p 0 -n 32 -d 0,8192,65536 -o jsonl"
        })
final class BenchCommand implements Runnable {
    private final CommandStreams streams;

    @Option(
            names = {"-m", "--model"},
            paramLabel = "DIR",
            description = "Measure this model. Default: the small English model that comes with the command.")
    private @Nullable Path model;

    @Option(
            names = "--shape",
            paramLabel = "NAME",
            split = ",",
            description =
                    "Measure random weights of these shapes instead, one after the other, no files needed: ${COMPLETION-CANDIDATES}.",
            completionCandidates = BenchShape.Names.class)
    private List<String> shapes = List.of();

    @Option(names = "--layers", paramLabel = "N", description = "Only the first N layers of each shape.")
    private @Nullable Integer layers;

    @Option(names = "--dtype", paramLabel = "TYPE", description = "Type of random weights: bf16 (default), f16 or f32.")
    private String dtype = "bf16";

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Seed of random weights and tokens. Default: ${DEFAULT-VALUE}.")
    private long seed = 42;

    @Option(
            names = {"-p", "--n-prompt"},
            paramLabel = "N",
            description = "Lengths of the prompts, 0 for no such test. Default: 512.")
    private List<String> promptLengths = List.of("512");

    @Option(
            names = {"-n", "--n-gen"},
            paramLabel = "N",
            description = "Numbers of tokens to generate, 0 for no such test. Default: 128.")
    private List<String> genLengths = List.of("128");

    @Option(names = "-pg", paramLabel = "PP,TG", description = "A prompt and a generation timed together.")
    private List<String> pairs = List.of();

    @Option(
            names = {"-d", "--n-depth"},
            paramLabel = "N",
            description = "Tokens in the context before the clock starts. Default: 0.")
    private List<String> depths = List.of("0");

    @Option(
            names = {"-r", "--repetitions"},
            paramLabel = "N",
            description = "How often each test is timed. Default: ${DEFAULT-VALUE}.")
    private int repetitions = 5;

    @Option(
            names = {"-t", "--threads"},
            paramLabel = "N",
            description = "Numbers of threads. Default: one per core.")
    private List<String> threads = List.of();

    @Option(
            names = {"-o", "--output"},
            paramLabel = "FORMAT",
            description = "Output: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private BenchFormat format = BenchFormat.MD;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            description = "What computes: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private Backend backend = Backend.AUTO;

    @Option(
            names = "--device",
            paramLabel = "N",
            description = "Device of the backends tornado and interpreter, as ./sala devices lists them.")
    private @Nullable Integer device;

    @Option(
            names = "--weights",
            paramLabel = "TYPE",
            description = "Type of the weights on a device: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}.")
    private WeightFormat weightFormat = WeightFormat.AUTO;

    @Option(
            names = "--cuda-graphs",
            paramLabel = "WHEN",
            description =
                    "Whether a device records its kernels and replays them: ${COMPLETION-CANDIDATES}. Default: ${DEFAULT-VALUE}, on CUDA.")
    private GraphRecording recording = GraphRecording.AUTO;

    @Option(
            names = "--profile-tasks",
            description =
                    "On a device, run each test once more under its profiler and print on standard error where the time goes, task by task, and what of it is the host's.")
    private boolean profileTasks;

    @Option(
            names = {"-ub", "--ubatch-size"},
            paramLabel = "N",
            description = "Tokens of a prompt that a device computes together. Default: what suits the device.")
    private @Nullable Integer prefillChunk;

    @Mixin
    private AttentionOptions attention = new AttentionOptions();

    @Option(names = "--no-warmup", description = "Do not run each test once before timing it.")
    private boolean noWarmup;

    @Option(
            names = {"-v", "--verbose"},
            description = "Say on standard error what is being done.")
    private boolean verbose;

    /** Of a device's memory, by passes that are closed. */
    private long keptBytes;

    BenchCommand(CommandStreams streams) {
        this.streams = streams;
    }

    @Override
    public void run() {
        List<BenchTest> tests = tests();
        List<Integer> threadCounts = threadCounts();
        if (repetitions < 1) {
            throw new UsageException("--repetitions must be at least 1, found " + repetitions);
        }
        if (prefillChunk != null && prefillChunk < 1) {
            throw new UsageException("--ubatch-size must be at least 1, found " + prefillChunk);
        }
        attention.check();
        if (profileTasks && backend != Backend.TORNADO && backend != Backend.INTERPRETER) {
            throw new UsageException("--profile-tasks goes with --backend tornado or interpreter");
        }
        if (shapes.isEmpty()) {
            if (layers != null) {
                throw new UsageException("--layers goes with --shape");
            }
            runOnModel(model == null ? EmbeddedModel.directory() : model, tests, threadCounts);
            return;
        }
        if (model != null) {
            throw new UsageException("give --model or --shape, not both");
        }
        runOnShapes(
                shapes.stream()
                        .map(name -> BenchShape.of(name, Optional.ofNullable(layers)))
                        .toList(),
                tests,
                threadCounts);
    }

    /** As llama-bench orders them: per depth, prompts, then generations, then pairs. */
    private List<BenchTest> tests() {
        List<BenchTest> tests = new ArrayList<>();
        for (int depth : IntRanges.parse("--n-depth", depths)) {
            for (int promptLength : IntRanges.parse("--n-prompt", promptLengths)) {
                if (promptLength > 0) {
                    tests.add(new BenchTest(promptLength, 0, depth));
                }
            }
            for (int genLength : IntRanges.parse("--n-gen", genLengths)) {
                if (genLength > 0) {
                    tests.add(new BenchTest(0, genLength, depth));
                }
            }
            for (String pair : pairs) {
                List<Integer> lengths = IntRanges.parse("-pg", List.of(pair));
                if (lengths.size() != 2 || lengths.contains(0)) {
                    throw new UsageException("-pg: expected two lengths such as 512,128, found '%s'".formatted(pair));
                }
                tests.add(new BenchTest(lengths.get(0), lengths.get(1), depth));
            }
        }
        if (tests.isEmpty()) {
            throw new UsageException("nothing to measure: -p and -n are 0 and there is no -pg");
        }
        return tests;
    }

    private List<Integer> threadCounts() {
        if (threads.isEmpty()) {
            return List.of(Runtime.getRuntime().availableProcessors());
        }
        List<Integer> counts = IntRanges.parse("--threads", threads);
        for (int count : counts) {
            if (count < 1 || count > ComputeOptions.MAX_THREADS) {
                throw new UsageException(
                        "--threads must be 1 to %d, found %d".formatted(ComputeOptions.MAX_THREADS, count));
            }
        }
        return counts;
    }

    private void runOnModel(Path directory, List<BenchTest> tests, List<Integer> threadCounts) {
        ModelConfig config = Checkpoint.readConfig(directory);
        ForwardPasses.Choice choice = choose(List.of(config), tests, threadCounts);
        if (choice.backend() != Backend.TORNADO) { // a device has its own plan
            MemoryCheck.require(MemoryCheck.plan(directory, config, longest(tests)), "-p, -n, -d");
        }
        try (Checkpoint checkpoint = Checkpoint.open(directory)) {
            ModelWeights weights = ModelWeights.load(checkpoint);
            if (choice.device().isEmpty()) {
                WeightPages.readIn(weights, streams);
            }
            String name = String.valueOf(directory.toAbsolutePath().normalize().getFileName());
            format.print(
                    streams,
                    printer -> measure(BenchModel.of(name, weights), choice, weights, tests, threadCounts, printer));
        }
    }

    private void runOnShapes(List<BenchShape> all, List<BenchTest> tests, List<Integer> threadCounts) {
        DType type = weightType();
        List<ModelConfig> configs = all.stream().map(BenchShape::config).toList();
        configs.forEach(config -> MemoryCheck.requireWeights(config, type));
        ForwardPasses.Choice choice = choose(configs, tests, threadCounts);
        if (choice.backend() != Backend.TORNADO) {
            configs.forEach(
                    config -> MemoryCheck.require(MemoryPlan.of(config, longest(tests)), "-p, -n, -d, --layers"));
        }
        format.print(streams, printer -> {
            for (BenchShape shape : all) {
                say("making random weights of " + shape.name());
                try (Arena arena = Arena.ofShared()) {
                    ModelWeights weights = ModelWeights.random(shape.config(), type, seed, arena);
                    measure(BenchModel.of(shape.name(), weights), choice, weights, tests, threadCounts, printer);
                }
            }
        });
    }

    private DType weightType() {
        return switch (dtype.toLowerCase(Locale.ROOT)) {
            case "bf16" -> DType.BF16;
            case "f16" -> DType.F16;
            case "f32" -> DType.F32;
            default -> throw new UsageException("--dtype must be bf16, f16 or f32, found " + dtype);
        };
    }

    private static int longest(List<BenchTest> tests) {
        return tests.stream().mapToInt(BenchTest::contextLength).max().orElseThrow();
    }

    private int longestOnDevice(List<BenchTest> tests) {
        return tests.stream()
                .mapToInt(test -> BenchRunner.contextLengthOnDevice(test, repetitions))
                .max()
                .orElseThrow();
    }

    private ForwardPasses.Choice choose(List<ModelConfig> configs, List<BenchTest> tests, List<Integer> threadCounts) {
        List<ModelConfig> passes = new ArrayList<>();
        threadCounts.forEach(_ -> passes.addAll(configs));
        TornadoProperties.set(passes, longestOnDevice(tests));
        ForwardPasses.Choice choice =
                ForwardPasses.choose(backend, device == null ? OptionalInt.empty() : OptionalInt.of(device));
        say(choice.explanation());
        if (passes.size() > 1
                && !choice.device()
                        .map(TornadoDevices.Entry::takesSeveralModels)
                        .orElse(true)) {
            throw new UsageException(
                    "several models in one run: TornadoVM's PTX backend keeps the first one's memory pinned and would lose weights of the next; measure one --shape and one --threads a run, or take its CUDA backend");
        }
        return choice;
    }

    private void measure(
            BenchModel benchModel,
            ForwardPasses.Choice choice,
            ModelWeights weights,
            List<BenchTest> tests,
            List<Integer> threadCounts,
            BenchPrinter printer) {
        int contextLength = choice.device().isEmpty() ? longest(tests) : longestOnDevice(tests);
        SessionOptions options = new SessionOptions(contextLength, attention.mode(), LayerObserver.NONE);
        for (int threadCount : threadCounts) {
            PassOptions passOptions = PassOptions.of(threadCount, contextLength)
                    .withWeightFormat(weightFormat)
                    .withRecording(recording)
                    .withKeptBytes(keptBytes)
                    .forMeasurement();
            if (prefillChunk != null) {
                passOptions = passOptions.withPrefillChunk(prefillChunk);
            }
            try (ForwardPass forwardPass = choice.open(weights, passOptions);
                    BenchRunner runner = BenchRunner.of(forwardPass, options, threadCount, seed, this::say)) {
                say(forwardPass.description());
                for (BenchTest test : tests) {
                    say(test.name());
                    BenchResult result = new BenchResult(
                            benchModel,
                            choice.backend().toString(),
                            choice.device().map(TornadoDevices.Entry::name),
                            threadCount,
                            test,
                            Instant.now(),
                            runner.run(test, repetitions, !noWarmup),
                            profile(forwardPass, runner, test));
                    printer.result(result);
                    result.profile().ifPresent(profile -> streams.err().print(BenchTaskTable.of(result, profile)));
                }
                if (forwardPass instanceof DevicePass device) {
                    keptBytes += choice.backend() == Backend.TORNADO ? device.deviceBytes() : 0;
                    say("first runs of %d graphs, which compile them: %.2f s"
                            .formatted(
                                    device.firstRuns().graphs(),
                                    device.firstRuns().nanos() / 1e9));
                }
            }
        }
    }

    private Optional<BenchProfile> profile(ForwardPass forwardPass, BenchRunner runner, BenchTest test) {
        if (profileTasks && forwardPass instanceof DevicePass device) {
            say(test.name() + ", under the profiler");
            return Optional.of(runner.profile(device, test));
        }
        return Optional.empty();
    }

    private void say(String message) {
        if (verbose) {
            streams.err().println("sala: " + message);
        }
    }
}
