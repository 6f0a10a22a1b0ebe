package sala.jmh;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import uk.ac.manchester.tornado.api.common.TornadoDevice;
import uk.ac.manchester.tornado.api.enums.TornadoVMBackendType;

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
 * <p>Every combination of parameters is a run of its own, and results are written after every run: a suite that is stopped
 * leaves what it had. A run that is refused, or whose result is wrong, is named at the end and in the machine file, and the
 * rest goes on. Results of the same commit stay where they are not measured anew. A run prints a line; {@code -v NORMAL} prints
 * what JMH does.
 *
 * <p>On a device a fresh JVM spends six seconds until TornadoVM's compiler, itself Java, has compiled its first kernels, and what
 * the JVM's compiler decides hardly matters to a kernel. So the device's profile gives each benchmark class one process, not each run a
 * fork, unless {@code -f} asks for forks. PTX has forks in any case: in one process it takes memory of arrays that are gone for
 * pinned ({@code docs/backends.md}).
 *
 * <p>JMH lets one process of a machine measure at a time; two that have a device each take
 * {@code SALA_JAVA_OPTS=-Djmh.ignoreLock=true}.
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
            Optional<String> process,
            List<String> rest) {
        static Own of(String[] args) {
            Optional<Profile> profile = Optional.empty();
            String commit = "unknown";
            Optional<String> device = Optional.empty();
            Optional<String> driver = Optional.empty();
            Path results = Path.of("jmh", "results");
            Optional<String> process = Optional.empty();
            List<String> rest = new ArrayList<>();
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--profile" -> profile = Optional.of(Profile.ofName(value(args, i++)));
                    case "--commit" -> commit = value(args, i++);
                    case "--device" -> device = Optional.of(value(args, i++));
                    case "--driver" -> driver = Optional.of(value(args, i++));
                    case "--process" -> process = Optional.of(value(args, i++));
                    case "--results" -> results = Path.of(value(args, i++));
                    default -> rest.add(args[i]);
                }
            }
            return new Own(profile, commit, device, driver, results, process, rest);
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
            try {
                run(own.profile().get(), options, own, List.of(args));
            } catch (IOException e) {
                System.err.printf(
                        "sala-jmh: results in %s: %s; --results FOLDER names another place%n",
                        own.results(), ResultLine.reason(e));
                System.exit(EXIT_FAILURE);
            }
        } catch (IllegalArgumentException | CommandLineOptionException e) {
            System.err.println("sala-jmh: " + e.getMessage() + " (sala-jmh -h shows JMH's options)");
            System.exit(EXIT_USAGE);
        }
    }

    private static void run(Profile profile, CommandLineOptions options, Own own, List<String> arguments)
            throws IOException, RunnerException {
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
        // Once for all processes: it takes as long as a benchmark.
        List<String> jvmArgs = ManagementFactory.getRuntimeMXBean().getInputArguments();
        Optional<Limits> limits = device.map(_ -> DeviceLimits.given(jvmArgs).orElseGet(Suite::measureLimits));
        RunRecord record = RunRecord.now(own.commit(), profile, device, limits).named(own.device(), own.driver());
        Path file = own.results().resolve(record.folder()).resolve(own.commit() + ".json");
        ResultStore store = new ResultStore(file);
        if (profile != Profile.QUICK) {
            store.prepare();
        }
        boolean forked = profile != Profile.DEVICE
                || options.getForkCount().hasValue()
                || device.map(TornadoDevice::getTornadoVMBackend).equals(Optional.of(TornadoVMBackendType.PTX));
        if (forked || own.process().isPresent()) {
            List<Profile.Pass> here = runs.stream()
                    .filter(run -> own.process().stream().allMatch(run.benchmark()::equals))
                    .toList();
            long start = System.nanoTime();
            int failed = 0;
            for (int i = 0; i < here.size(); i++) {
                Profile.Pass run = here.get(i);
                System.out.printf(
                        "%d of %d, after %d s: %s%n",
                        i + 1, here.size(), TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start), run);
                Collection<RunResult> results = List.of();
                try {
                    results = new Runner(options(profile, run, options, limits, forked ? 1 : 0)).run();
                    results.forEach(result -> System.out.println("  " + ResultLine.of(result)));
                } catch (RunnerException e) {
                    failed++;
                    System.out.println("  no result: " + ResultLine.reason(e));
                }
                if (profile != Profile.QUICK) {
                    store.replace(run, results);
                    record.write(RunRecord.besides(file), store.missing(runs));
                }
            }
            if (profile == Profile.QUICK && failed > 0) {
                System.err.printf("sala-jmh: %d of %d benchmarks failed%n", failed, here.size());
                System.exit(EXIT_FAILURE);
            }
            if (own.process().isPresent()) {
                return;
            }
        } else {
            for (String benchmark :
                    runs.stream().map(Profile.Pass::benchmark).distinct().toList()) {
                startProcess(benchmark, arguments, jvmArgs, limits);
            }
        }
        if (device.isEmpty()) {
            System.out.println(
                    "Not measured: backend TORNADO. Kernels run on the interpreter here, which has no speed; set"
                            + " TORNADOVM_HOME to the folder of an installed TornadoVM SDK.");
        }
        if (profile != Profile.QUICK) {
            store.missing(runs).forEach(run -> System.out.println("No result: " + run));
            System.out.printf("%nResults: %s%nPlots:   ./sala report %s -o report.html%n", file, file);
        }
    }

    private static Limits measureLimits() {
        try {
            return DeviceLimits.measure();
        } catch (RuntimeException e) {
            System.out.println(
                    "The device's limits are not known, so results have no shares of them: " + ResultLine.reason(e));
            return Limits.UNKNOWN;
        }
    }

    /** Runs all of a benchmark in a process of its own, which ends with this one; if it fails, the others go on. */
    private static void startProcess(
            String benchmark, List<String> arguments, List<String> jvmArgs, Optional<Limits> limits)
            throws IOException {
        List<String> command = new ArrayList<>();
        command.add(ProcessHandle.current().info().command().orElse("java"));
        command.addAll(jvmArgs);
        limits.map(DeviceLimits::option).ifPresent(command::add);
        command.addAll(List.of("-cp", ManagementFactory.getRuntimeMXBean().getClassPath(), Suite.class.getName()));
        command.addAll(arguments);
        command.addAll(List.of("--process", benchmark));
        Process process = new ProcessBuilder(command).inheritIO().start();
        Thread end = new Thread(process::destroyForcibly);
        Runtime.getRuntime().addShutdownHook(end);
        try {
            int status = process.waitFor();
            if (status != 0) {
                System.out.printf("sala-jmh: the process of %s ended with status %d%n", benchmark, status);
            }
            Runtime.getRuntime().removeShutdownHook(end);
        } catch (InterruptedException e) {
            process.destroyForcibly();
            throw new IllegalStateException("interrupted while " + benchmark + " ran", e);
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
            Profile profile, Profile.Pass run, CommandLineOptions commandLine, Optional<Limits> limits, int forks) {
        ChainedOptionsBuilder builder = new OneBenchmark(run.benchmark()).parent(commandLine);
        run.parameters().forEach((name, values) -> builder.param(name, values.toArray(String[]::new)));
        limits.ifPresent(each -> builder.jvmArgsPrepend(Stream.concat(
                        commandLine.getJvmArgsPrepend().orElse(List.of()).stream(),
                        Stream.of(DeviceLimits.option(each)))
                .toArray(String[]::new)));
        builder.shouldFailOnError(true).verbosity(commandLine.verbosity().orElse(VerboseMode.SILENT));
        switch (profile) {
            case FULL -> {}
            case QUICK -> iterations(builder, commandLine, 0, 1, TimeValue.milliseconds(20), forks);
            // A kernel is compiled, and the card awake, once its result has been checked; a device is steady.
            case DEVICE -> iterations(builder, commandLine, 1, 5, TimeValue.milliseconds(200), forks);
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
            ChainedOptionsBuilder builder,
            CommandLineOptions commandLine,
            int warmups,
            int count,
            TimeValue time,
            int forks) {
        builder.warmupIterations(commandLine.getWarmupIterations().orElse(warmups))
                .warmupTime(commandLine.getWarmupTime().orElse(time))
                .measurementIterations(commandLine.getMeasurementIterations().orElse(count))
                .measurementTime(commandLine.getMeasurementTime().orElse(time))
                .forks(commandLine.getForkCount().orElse(forks));
    }
}
