export interface PostgresSettings {
	data: string;
	socketFolder: string;
	/** False: nothing is synchronised to the disk, for data that need not outlive the process. */
	durable: boolean;
}

/** `log/postgresql.log` in the data folder, begun anew at a megabyte. */
const logFile = {
	logging_collector: "on",
	log_directory: "log",
	log_filename: "postgresql.log",
	log_truncate_on_rotation: "on",
	log_rotation_size: "1MB",
	log_rotation_age: "0",
};

/**
 * The program's arguments rather than its postgresql.conf: what is said here holds, whatever stands in the data folder. Memory: the service
 * and its PostgreSQL together stay below 400 MB with 5000 devices.
 */
export function postgresArguments({ data, socketFolder, durable }: PostgresSettings): string[] {
	const settings: Record<string, string> = {
		// Nobody from the network.
		listen_addresses: "",
		unix_socket_directories: socketFolder,
		unix_socket_permissions: "0700",
		// Workers of this machine and a person with psql.
		max_connections: "60",
		shared_buffers: "64MB",
		work_mem: "4MB",
		maintenance_work_mem: "32MB",
		autovacuum_max_workers: "2",
		max_worker_processes: "4",
		max_parallel_workers_per_gather: "0",
		max_wal_size: "256MB",
		// No replicas: less to write.
		wal_level: "minimal",
		max_wal_senders: "0",
		jit: "off",
		timezone: "UTC",
		// Nothing of ours in its log: an error's detail and statement would name people and devices. What is left tells of starts,
		// recoveries and damage.
		log_min_messages: durable ? "LOG" : "PANIC",
		log_min_error_statement: "PANIC",
		log_error_verbosity: "terse",
		log_checkpoints: "off",
		log_autovacuum_min_duration: "-1",
		...(durable ? logFile : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
	};
	return ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])];
}
