package sala.jmh;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.results.format.ResultFormatFactory;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.CommandLineOptionException;
import org.openjdk.jmh.runner.options.CommandLineOptions;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

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
 * <p>Results are written after every pass, under another name first: a run that is stopped leaves what it had.
 */
public final class Suite {
    private static final int EXIT_FAILURE = 1;
    private static final int EXIT_USAGE = 2;

    private Suite() {}

    /** What is ours of the command line. */
    private record Own(Optional<Profile> profile, String commit, Path results, List<String> rest) {
        static Own of(String[] args) {
            Optional<Profile> profile = Optional.empty();
            String commit = "unknown";
            Path results = Path.of("jmh", "results");
            List<String> rest = new ArrayList<>();
            for (int i = 0; i < args.length; i++) {
                switch (args[i]) {
                    case "--profile" -> profile = Optional.of(Profile.ofName(value(args, i++)));
                    case "--commit" -> commit = value(args, i++);
                    case "--results" -> results = Path.of(value(args, i++));
                    default -> rest.add(args[i]);
                }
            }
            return new Own(profile, commit, results, rest);
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
        boolean hasDevice = RunRecord.hasDevice();
        RunRecord record = RunRecord.now(own.commit(), profile.toString(), hasDevice);
        List<Profile.Pass> passes = profile.passes(hasDevice).stream()
                .filter(pass -> isAskedFor(pass, options))
                .toList();
        if (profile == Profile.DEVICE && !hasDevice) {
            throw new IllegalArgumentException("--profile device: there is no device but the interpreter, which has no"
                    + " speed; set TORNADOVM_HOME to the folder of an installed TornadoVM SDK");
        }
        if (passes.isEmpty()) {
            throw new IllegalArgumentException(
                    "profile %s has no benchmark that matches %s".formatted(profile, options.getIncludes()));
        }
        Path file = own.results().resolve(record.folder()).resolve(own.commit() + ".json");
        Collection<RunResult> results = new ArrayList<>();
        int expected = 0;
        for (Profile.Pass pass : passes) {
            Collection<RunResult> found = new Runner(options(profile, pass, options)).run();
            expected += combinations(pass);
            results.addAll(found);
            if (profile != Profile.QUICK) {
                write(results, record, file);
            }
        }
        if (!hasDevice) {
            System.out.println(
                    "Not measured: backend TORNADO. Kernels run on the interpreter here, which has no speed; set"
                            + " TORNADOVM_HOME to the folder of an installed TornadoVM SDK.");
        }
        if (profile != Profile.QUICK) {
            System.out.printf("Results: %s%nPlots:   ./sala report %s -o report.html%n", file, file);
        }
        // Of the suite's own runs some are refused on some devices; of the quick ones none may fail.
        if (profile == Profile.QUICK && results.size() < expected) {
            System.err.printf("sala-jmh: %d of %d benchmarks failed, see above%n", expected - results.size(), expected);
            System.exit(EXIT_FAILURE);
        }
    }

    private static boolean isAskedFor(Profile.Pass pass, CommandLineOptions options) {
        return options.getIncludes().isEmpty()
                || options.getIncludes().stream()
                        .anyMatch(regex ->
                                Pattern.compile(regex).matcher(pass.benchmark()).find());
    }

    /** Results of a pass if nothing fails; a parameter that is left out has one value in the quick profile. */
    private static int combinations(Profile.Pass pass) {
        return pass.parameters().values().stream().mapToInt(List::size).reduce(1, Math::multiplyExact)
                * (pass.benchmark().equals("LayerBenchmark") || pass.benchmark().equals("TokenizerBenchmark") ? 2 : 1);
    }

    /** A profile says what is run; what the command line says of how comes first. */
    private static org.openjdk.jmh.runner.options.Options options(
            Profile profile, Profile.Pass pass, CommandLineOptions commandLine) {
        ChainedOptionsBuilder builder =
                new OptionsBuilder().parent(commandLine).include("\\." + pass.benchmark() + "\\.");
        pass.parameters().forEach((name, values) -> {
            if (!commandLine.getParameter(name).hasValue()) {
                builder.param(name, values.toArray(String[]::new));
            }
        });
        if (profile == Profile.QUICK) {
            builder.warmupIterations(commandLine.getWarmupIterations().orElse(0))
                    .measurementIterations(
                            commandLine.getMeasurementIterations().orElse(1))
                    .measurementTime(commandLine.getMeasurementTime().orElse(TimeValue.milliseconds(20)))
                    .forks(commandLine.getForkCount().orElse(1));
        }
        return builder.build();
    }

    private static void write(Collection<RunResult> results, RunRecord record, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Path unfinished = file.resolveSibling(file.getFileName() + ".part");
        ResultFormatFactory.getInstance(ResultFormatType.JSON, unfinished.toString())
                .writeOut(results);
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
        record.write(RunRecord.besides(file));
    }
}
