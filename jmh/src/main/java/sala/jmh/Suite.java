package sala.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import uk.ac.manchester.tornado.api.common.TornadoDevice;

/**
 * The main program of the benchmarks. Without options of its own it is JMH: every option that {@code -h} shows goes to it.
 *
 * <pre>
 *   ./sala-jmh --profile quick                            every benchmark once, small
 *   ./sala-jmh --profile full                             the suite; results go to jmh/results/DEVICE/COMMIT.json
 *   ./sala-jmh --profile device                           its runs on TornadoVM's device alone
 *   ./sala-jmh --profile full -f 3 DenseAttention         the suite's runs of one benchmark, with JMH's options
 *   ./sala-jmh -p backend=CPU -p tokens=1 DenseAttention  JMH itself
 * </pre>
 *
 * <p>Beside a profile, what the suite itself cannot know: {@code --commit ID} of sources that are no git checkout,
 * {@code --device NAME} and {@code --driver VERSION} of the device, {@code --results FOLDER} in place of {@code jmh/results}.
 *
 * <p>Every combination of parameters is a run of its own, and results are written after every run, under another name
 * first: a suite that is stopped leaves what it had. A run that is refused, or whose result is wrong, is named at the end and
 * in the machine file, and the rest goes on. JMH lets one process of a machine measure at a time; two that have a device each
 * take {@code SALA_JAVA_OPTS=-Djmh.ignoreLock=true}.
 */
public final class Suite {
    private static final int EXIT_FAILURE = 1;
    private static final int EXIT_USAGE = 2;

    private Suite() {}

    /** What is ours of the command line. */
    private record Own(
            Optional<Profile> profile,
            String commit,
            Optional<String> device,
            Optional<String> driver,
            Path results,
            List<String> rest) {
        static Own of(String[] args) {
            Optional<Profile> profile = Optional.empty();
            String commit = "unknown";
            Optional<String> device = Optional.empty();
            Optional<String> driver = Optional.empty();
            Path results = Path.of("jmh", "results");
            List<String> rest = new ArrayList<>();
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--profile" -> profile = Optional.of(Profile.ofName(value(args, i++)));
                    case "--commit" -> commit = value(args, i++);
                    case "--device" -> device = Optional.of(value(args, i++));
                    case "--driver" -> driver = Optional.of(value(args, i++));
                    case "--results" -> results = Path.of(value(args, i++));
                    default -> rest.add(args[i]);
                }
            }
            return new Own(profile, commit, device, driver, results, rest);
        }

        private static String value(String[] args, int option) {
            if (option + 1 == args.length) {
                throw new IllegalArgumentException(args[option] + ": a value is missing");
            }
            return args[option + 1];
        }
    }

    /** Runs JMH, or a profile. */
    public static void main(String[] args) throws IOException, RunnerException {
        try {
            Own own = Own.of(args);
            if (own.profile().isEmpty()) {
                org.openjdk.jmh.Main.main(own.rest().toArray(String[]::new));
                return;
            }
            CommandLineOptions options = new CommandLineOptions(own.rest().toArray(String[]::new));
            run(own.profile().get(), options, own);
        } catch (IllegalArgumentException | CommandLineOptionException e) {
            System.err.println("sala-jmh: " + e.getMessage() + " (sala-jmh -h shows JMH's options)");
            System.exit(EXIT_USAGE);
        }
    }

    private static void run(Profile profile, CommandLineOptions options, Own own) throws IOException, RunnerException {
        Optional<TornadoDevice> device = RunRecord.tornadoDevice();
        if (profile == Profile.DEVICE && device.isEmpty()) {
            throw new IllegalArgumentException("--profile device: there is no device but the interpreter, which has no"
                    + " speed; set TORNADOVM_HOME to the folder of an installed TornadoVM SDK");
        }
        List<Profile.Pass> runs = profile.passes(device.map(DeviceTraits::of)).stream()
                .filter(pass -> isAskedFor(pass, options))
                .flatMap(pass -> pass.runs(name -> options.getParameter(name).hasValue()).stream())
                .distinct()
                .toList();
        if (runs.isEmpty()) {
            throw new IllegalArgumentException(
                    "profile %s has no benchmark that matches %s".formatted(profile, options.getIncludes()));
        }
        // Once for all forks: it takes as long as a benchmark.
        Optional<Limits> limits = device.map(_ -> DeviceLimits.measure());
        RunRecord record =
                RunRecord.now(own.commit(), profile, device, limits).named(own.device(), own.driver());
        Path file = own.results().resolve(record.folder()).resolve(own.commit() + ".json");
        List<RunResult> results = new ArrayList<>();
        List<String> missing = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 0; i < runs.size(); i++) {
            Profile.Pass run = runs.get(i);
            System.out.printf(
                    "%n# Run %d of %d, after %d s: %s%n",
                    i + 1, runs.size(), TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start), run);
            Collection<RunResult> found = new Runner(options(profile, run, options, limits)).run();
            results.addAll(found);
            if (found.size() < run.methods()) {
                missing.add(run.toString());
            }
            if (profile != Profile.QUICK) {
                write(results, missing, record, file);
            }
        }
        report(profile, device.isPresent(), results.size(), missing, file);
        // Of the suite's own runs some are refused on some devices; of the quick ones none may fail.
        if (results.isEmpty() || (profile == Profile.QUICK && !missing.isEmpty())) {
            System.exit(EXIT_FAILURE);
        }
    }

    private static void report(Profile profile, boolean hasDevice, int results, List<String> missing, Path file) {
        System.out.println();
        if (!hasDevice) {
            System.out.println(
                    "Not measured: backend TORNADO. Kernels run on the interpreter here, which has no speed; set"
                            + " TORNADOVM_HOME to the folder of an installed TornadoVM SDK.");
        }
        missing.forEach(run -> System.out.println("No result, see above: " + run));
        if (profile != Profile.QUICK && results > 0) {
            System.out.printf("Results: %s%nPlots:   ./sala report %s -o report.html%n", file, file);
        }
    }

    private static boolean isAskedFor(Profile.Pass pass, CommandLineOptions options) {
        return options.getIncludes().isEmpty()
                || options.getIncludes().stream()
                        .anyMatch(regex ->
                                Pattern.compile(regex).matcher(pass.benchmark()).find());
    }

    /** A profile says what is run; what the command line says of how comes first. */
    private static Options options(
            Profile profile, Profile.Pass run, CommandLineOptions commandLine, Optional<Limits> limits) {
        ChainedOptionsBuilder builder = new OneBenchmark(run.benchmark()).parent(commandLine);
        run.parameters().forEach((name, values) -> builder.param(name, values.toArray(String[]::new)));
        limits.ifPresent(each -> builder.jvmArgsPrepend(Stream.concat(
                        commandLine.getJvmArgsPrepend().orElse(List.of()).stream(), Stream.of(DeviceLimits.option(each)))
                .toArray(String[]::new)));
        switch (profile) {
            case FULL -> {}
            case QUICK -> iterations(builder, commandLine, 0, 1, TimeValue.milliseconds(20));
            // A kernel is compiled, and the card awake, once its result has been checked; a device is steady.
            case DEVICE -> iterations(builder, commandLine, 1, 4, TimeValue.milliseconds(250));
        }
        return builder.build();
    }

    /** JMH adds the names of the command line to those of a builder; a run is of one benchmark. */
    private static final class OneBenchmark extends OptionsBuilder {
        private static final long serialVersionUID = 1;

        private final String regex;

        OneBenchmark(String name) {
            regex = "\\." + name + "\\.";
        }

        @Override
        public List<String> getIncludes() {
            return List.of(regex);
        }
    }

    private static void iterations(
            ChainedOptionsBuilder builder, CommandLineOptions commandLine, int warmups, int count, TimeValue time) {
        builder.warmupIterations(commandLine.getWarmupIterations().orElse(warmups))
                .warmupTime(commandLine.getWarmupTime().orElse(time))
                .measurementIterations(commandLine.getMeasurementIterations().orElse(count))
                .measurementTime(commandLine.getMeasurementTime().orElse(time))
                .forks(commandLine.getForkCount().orElse(1));
    }

    private static void write(List<RunResult> results, List<String> missing, RunRecord record, Path file)
            throws IOException {
        Files.createDirectories(file.getParent());
        if (!results.isEmpty()) {
            Path unfinished = file.resolveSibling(file.getFileName() + ".part");
            ResultFormatFactory.getInstance(ResultFormatType.JSON, unfinished.toString())
                    .writeOut(results);
            Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        }
        record.write(RunRecord.besides(file), missing);
    }
}
