package sala.app;

import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code sala} command: what its subcommands have in common is here, what they do is in their own classes. */
@Command(
        name = "sala",
        mixinStandardHelpOptions = true,
        scope = ScopeType.INHERIT,
        versionProvider = SalaCommand.Version.class,
        sortOptions = false,
        synopsisSubcommandLabel = "COMMAND",
        description = "Runs MiniCPM-SALA models on the CPU, and on a GPU through TornadoVM.",
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:done, also when the reader of the output went away (sala generate | head -1)",
            "1:the command failed; one line on standard error says why",
            "2:the command line is wrong",
            "130:stopped with Ctrl-C; what was generated so far has been written"
        },
        footer = {"%nIn the source tree ./sala also knows jshell and jupyter, for the lessons: see docs/guide.md."})
public final class SalaCommand implements Runnable {
    static final int EXIT_FAILURE = 1;

    private final CommandStreams streams;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    private CommandSpec spec;

    @Option(names = "--debug", scope = ScopeType.INHERIT, description = "Print the stack trace of an error.")
    private boolean debug;

    private SalaCommand(CommandStreams streams) {
        this.streams = streams;
    }

    /** Runs the command on the process's own streams and ends the process with its exit code. */
    public static void main(String[] args) {
        System.exit(run(args, CommandStreams.ofProcess()));
    }

    /** Runs the command and returns its exit code. */
    static int run(String[] args, CommandStreams streams) {
        SalaCommand command = new SalaCommand(streams);
        CommandLine line = commandLine(command, streams);
        try {
            int exitCode = line.execute(args);
            if (exitCode == CommandLine.ExitCode.OK) {
                streams.checkOutput();
            }
            return exitCode;
        } catch (OutputClosedException _) {
            return 0;
        } catch (CommandException e) {
            return command.fail(e, FailureMessage.of(e));
        } catch (OutOfMemoryError e) {
            return command.fail(e, FailureMessage.of(e));
        } finally {
            streams.out().flush();
            streams.err().flush();
        }
    }

    private static CommandLine commandLine(SalaCommand command, CommandStreams streams) {
        CommandLine line = new CommandLine(command)
                .addSubcommand(new GenerateCommand(streams))
                .addSubcommand(new ChatCommand(streams))
                .addSubcommand(new InfoCommand(streams))
                .addSubcommand(new TokenizeCommand(streams))
                .addSubcommand(new DetokenizeCommand(streams))
                .addSubcommand(new LogitsCommand(streams))
                .addSubcommand(new BenchCommand(streams))
                .addSubcommand(new DevicesCommand(streams))
                .addSubcommand(new DoctorCommand(streams))
                .addSubcommand(new ReportCommand(streams));
        line.setOut(new PrintWriter(streams.out(), true, StandardCharsets.UTF_8));
        line.setErr(new PrintWriter(streams.err(), true, StandardCharsets.UTF_8));
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler((e, _) -> command.refuse(e));
        line.setExecutionExceptionHandler((e, failing, _) -> switch (e) {
            case OutputClosedException _ -> 0;
            case UsageException usage -> command.refuse(new ParameterException(failing, FailureMessage.of(usage), e));
            default -> command.fail(e, FailureMessage.of(e));
        });
        return line;
    }

    /** Without a subcommand there is nothing to do. */
    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing, such as sala generate \"Once upon\"");
    }

    private int refuse(ParameterException e) {
        String name = e.getCommandLine().getCommandSpec().qualifiedName();
        streams.err().println("sala: %s (%s --help shows how)".formatted(describe(e), name));
        printTrace(e);
        return CommandLine.ExitCode.USAGE;
    }

    private int fail(Throwable e, String message) {
        streams.out().flush();
        streams.err().println("sala: " + message);
        printTrace(e);
        return EXIT_FAILURE;
    }

    private void printTrace(Throwable e) {
        if (debug) {
            e.printStackTrace(streams.err());
        }
    }

    private static String describe(ParameterException e) {
        if (e instanceof UnmatchedArgumentException unmatched) {
            String argument = unmatched.getUnmatched().getFirst();
            String what = unmatched.isUnknownOption()
                    ? "option"
                    : e.getCommandLine().getParent() == null ? "command" : "argument";
            String suggestion = unmatched.getSuggestions().stream()
                    .findFirst()
                    .map(similar -> ", did you mean " + similar + "?")
                    .orElse("");
            return "unknown %s '%s'%s".formatted(what, argument, suggestion);
        }
        String message = e.getMessage();
        return message == null ? e.toString() : message.replaceAll("\\s*\\R\\s*", " ");
    }

    /** The version that the build put into the jar. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {
                "sala " + current(), "Java " + Runtime.version() + " on " + System.getProperty("os.arch")
            };
        }

        static String current() {
            String version = SalaCommand.class.getPackage().getImplementationVersion();
            return version == null ? "development" : version;
        }
    }
}
